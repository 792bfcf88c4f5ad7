import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { Keys } from '../../src/cli/keys.ts'
import { plain } from '../../src/cli/plain.ts'
import { stateLine } from '../../src/cli/state-line.ts'
import type { PaceState } from '../../src/index.ts'

class Terminal extends EventEmitter {
  isTTY = true
  raw = false
  flowing = false
  setRawMode(raw: boolean): void {
    this.raw = raw
  }
  resume(): void {
    this.flowing = true
  }
  pause(): void {
    this.flowing = false
  }
}

const going: PaceState = { reasons: [], workers: 3, spared: null, limits: [], window: null }
const lag = {
  code: 'targetReplicationLag',
  what: 'target replication lag',
  limit: '30 s',
  resumesBelow: '15 s',
} as const
const paused = (now: string): PaceState => ({ ...going, reasons: [{ ...lag, now }], limits: [{ ...lag, now }] })

function pressed(...chunks: string[]): { heard: string[]; terminal: Terminal; keys: Keys } {
  const terminal = new Terminal()
  const heard: string[] = []
  const keys = new Keys(terminal, {
    order: (order) => void heard.push(order),
    say: (line) => void heard.push(line.trim()),
    signal: (signal) => void heard.push(signal),
  })
  keys.pace(paused('41 s'))
  for (const chunk of chunks) terminal.emit('data', Buffer.from(chunk))
  return { heard, terminal, keys }
}

test('keys are orders, questions and signals; others are nothing', () => {
  const { heard } = pressed('p', '+-', 'xyz\r', '\x1b[A', 'q', '\x03')
  expect(heard).toEqual(['pause or resume', 'more workers', 'fewer workers', 'SIGINT', 'SIGINT'])
  expect(pressed('w').heard).toEqual(['3 workers: + one more, - one fewer'])
  expect(pressed('l').heard[0]).toBe('✖ targetReplicationLag  41 s of 30 s, resumes below 15 s')
})

test('workers that are not at work for the sake of the application are told with the reason', () => {
  const limits = { p50Ms: 24, p99Ms: 1084 }
  const spared = { workers: 1, most: 3, p50Ms: 1, p99Ms: 59.7, limits, moreInMs: 0 }
  const heard: string[] = []
  const terminal = new Terminal()
  const keys = new Keys(terminal, { order() {}, say: (line) => void heard.push(line.trim()), signal() {} })
  keys.pace({ ...going, workers: 1, spared })
  terminal.emit('data', Buffer.from('w'))
  expect(heard).toEqual([
    '1 of 3 workers, to spare the application (p99 of its writes: 60 ms, limit 1.1 s): + one more, - one fewer',
  ])
  keys.close()
})

test('the usual mode comes back when the work is over, when the command ends, and when the process does', () => {
  for (const end of [
    ({ keys }: ReturnType<typeof pressed>) => keys.pace(null),
    ({ keys }: ReturnType<typeof pressed>) => keys.close(),
    // What Node does last, whatever ended it.
    () => process.listeners('exit').at(-1)?.(0),
  ]) {
    const before = ['exit', 'SIGHUP', 'SIGCONT'].map((name) => process.listenerCount(name))
    const one = pressed()
    expect([one.terminal.raw, one.terminal.flowing]).toEqual([true, true])
    end(one)
    expect([one.terminal.raw, one.terminal.flowing, one.terminal.listenerCount('data')]).toEqual([false, false, 0])
    expect(['exit', 'SIGHUP', 'SIGCONT'].map((name) => process.listenerCount(name))).toEqual(before)
  }
})

test('Ctrl-Z gives the terminal back, and takes it again when the process goes on', () => {
  const { heard, terminal, keys } = pressed('\x1a')
  expect([heard, terminal.raw]).toEqual([['SIGTSTP'], false])
  process.emit('SIGCONT')
  expect(terminal.raw).toBe(true)
  keys.close()
})

test('no terminal, no raw mode', () => {
  const terminal = new Terminal()
  terminal.isTTY = false
  new Keys(terminal, { order() {}, say() {}, signal() {} }).pace(going)
  expect([terminal.raw, terminal.listenerCount('data')]).toEqual([false, 0])
})

test('without a terminal a pause is a line when it begins and one when it ends, not one a second', () => {
  let written = ''
  const view = plain({ write: (text: string) => (written += text) !== '' })
  view.pace(going)
  for (let lagNow = 41; lagNow < 60; lagNow += 1) view.pace(paused(`${lagNow} s`))
  view.pace(going)
  view.pace(null)
  expect(written).toBe('  paused: target replication lag 41 s > 30 s (resumes below 15 s)\n  goes on\n')
})

test('the line of state keeps its keys on a narrow terminal', () => {
  expect(stateLine(going, 200)).toBe('3 workers   p pause · w workers · l limits · q stop (resumable)')
  const paused41 = paused('41 s')
  expect(stateLine(paused41, 200)).toBe(
    'paused: target replication lag 41 s > 30 s (resumes below 15 s)   p resume · w workers · l limits · q stop (resumable)',
  )
  const narrow = stateLine(paused41, 78)
  expect(narrow).toBe('paused: target replication lag 41 s > 30 s (re…   p resume · l limits · q stop')
  expect(narrow.length).toBe(78)
})
