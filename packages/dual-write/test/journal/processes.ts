// Real processes that are started and killed.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Child {
  pid: number
  /** What it said so far. */
  said: () => string
  kill: () => void
  /** Resolves when it has said something. */
  ready: Promise<void>
  ended: Promise<string>
}

export function child(script: string, args: readonly (string | number)[]): Child {
  const process_ = spawn(process.execPath, [join(import.meta.dirname, script), ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let said = ''
  const ended = new Promise<string>((resolve) => process_.on('close', () => resolve(said)))
  const ready = new Promise<void>((resolve) => {
    process_.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      resolve()
    })
    process_.on('close', () => resolve())
  })
  return { pid: process_.pid ?? 0, said: () => said, kill: () => void process_.kill('SIGKILL'), ready, ended }
}
