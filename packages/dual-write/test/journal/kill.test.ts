import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openJournal } from '../../src/journal/open.ts'

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hyperferry-journal-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Runs the child until it is killed after `ms`; what it said. */
async function hammer(dir: string, first: number, ms: number): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'hammer-child.ts'), dir, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise((resolve) => child.on('close', resolve))
  while (!said.includes('\n') && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2))
  const timer = setTimeout(() => child.kill('SIGKILL'), ms)
  await ended
  clearTimeout(timer)
  return said
}

test(
  'killed twenty times at any moment: all that was acknowledged is there, numbers have no holes',
  { timeout: 60_000 },
  async () => {
    const dir = folder()
    const intents = new Set<number>()
    const commits = new Set<number>()
    let next = 0
    let kills = 0
    for (let round = 0; round < 20; round += 1) {
      const said = await hammer(dir, next, 5 + ((round * 37) % 60))
      for (const line of said.split('\n')) {
        const [kind, n] = line.split(' ')
        if (kind === 'i') intents.add(Number(n))
        if (kind === 'c') commits.add(Number(n))
        if (n !== undefined) next = Math.max(next, Number(n) + 100)
      }
      kills += 1
    }
    const journal = await openJournal({ dir, durability: 'process' })
    const { delivered, committed } = journal.progress
    const rest = await journal.deliveries(delivered, 1_000_000, Infinity)
    expect(rest.map(({ number }) => number)).toEqual(
      Array.from({ length: committed - delivered }, (_, i) => delivered + i + 1),
    )
    const doubtful = new Set((await journal.doubtful()).map(({ record }) => Number(record.rows[0]?.[0])))
    const waiting = new Set(rest.map(({ record }) => Number(record.rows[0]?.[0])))
    for (const n of intents) if (!commits.has(n)) expect(doubtful.has(n) || waiting.has(n) || delivered > 0).toBe(true)
    // Not one acknowledged commit fell back into doubt.
    for (const n of commits) expect(doubtful.has(n)).toBe(false)
    expect(committed).toBeGreaterThanOrEqual(commits.size)
    expect(kills).toBe(20)
    expect(commits.size).toBeGreaterThan(500)
    await journal.close()
  },
)

test(
  'of processes that start at the same moment over a dead one’s lock, one gets the journal',
  { timeout: 60_000 },
  async () => {
    const dir = folder()
    for (let round = 0; round < 5; round += 1) {
      await hammer(dir, 0, 30)
      const said = await Promise.all(Array.from({ length: 4 }, () => hammer(dir, 0, 500)))
      expect(said.filter((text) => text.startsWith('open'))).toHaveLength(1)
      expect(said.filter((text) => text.startsWith('HF-DW06'))).toHaveLength(3)
    }
  },
)
