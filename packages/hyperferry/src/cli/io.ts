/** What a command may do to the person: say something, ask, show progress, be interrupted. */
import { cancel, confirm as ask, isCancel } from '@clack/prompts'
import { HyperferryError, PaceOrders } from '../index-copy.ts'
import type { Events, Preview } from '../index-copy.ts'
import { Keys } from './keys.ts'
import { createProgress } from './progress.ts'
import { interruptible } from './signals.ts'

export interface Io {
  readonly json: boolean
  readonly env: NodeJS.ProcessEnv
  readonly events: Events
  /** Keys pressed while a backfill runs. */
  readonly orders: PaceOrders
  /** Aborted by the first Ctrl-C: finish the current tasks. */
  readonly signal: AbortSignal
  /** Aborted by the second: stop now. */
  readonly hardSignal: AbortSignal
  /** Shows a preview and asks; true to go on. */
  confirm(preview: Preview): Promise<boolean>
  say(line: string): void
  close(): void
}

export interface IoOptions {
  json: boolean
  yes: boolean
  stdin: NodeJS.ReadStream
  stderr: NodeJS.WriteStream
  env: NodeJS.ProcessEnv
}

/** The terminal, or the lack of one. Everything here goes to stderr: stdout belongs to the result. */
export function createIo(options: IoOptions): Io {
  const { stderr, json, env } = options
  const orders = new PaceOrders()
  const keys = new Keys(options.stdin, {
    order: (order) => orders.give(order),
    say: (line) => progress.say(line),
    signal: (signal) => process.kill(process.pid, signal),
  })
  // Without somebody who sees the keys nobody presses them on purpose.
  const progress = createProgress(stderr, (state) => stderr.isTTY && keys.pace(state))
  const signals = interruptible((line) => progress.say(line))
  return {
    json,
    env,
    events: progress.events,
    orders,
    signal: signals.soft,
    hardSignal: signals.hard,
    say: (line) => progress.say(line),
    confirm: (preview) => confirm(preview, options, (line) => progress.say(line)),
    close() {
      keys.close()
      progress.close()
      signals.release()
    },
  }
}

async function confirm(preview: Preview, options: IoOptions, say: (line: string) => void): Promise<boolean> {
  if (!options.json || !options.yes) {
    say(preview.title)
    for (const line of preview.lines) say(`  ${line}`)
  }
  if (options.yes) return true
  if (!options.stdin.isTTY || !options.stderr.isTTY || options.json) {
    throw new HyperferryError('HF-U002', { what: 'this command changes the target and nobody is there to confirm it' })
  }
  const answer = await ask({ message: 'Go on?', initialValue: false, output: options.stderr })
  if (isCancel(answer)) cancel('Nothing was done.', { output: options.stderr })
  return answer === true
}
