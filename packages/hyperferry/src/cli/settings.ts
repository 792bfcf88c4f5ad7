/** From flags to what the library functions take. */
import type { MutatingOptions, PlanOptions } from '../index.ts'
import { text, yes } from './command.ts'
import type { Input } from './command.ts'
import type { Io } from './io.ts'

/** Options of every command that works from a plan file. */
export function fromPlan(input: Input, io: Io): PlanOptions {
  return {
    planFile: text(input, 'plan') ?? 'hyperferry.yaml',
    env: io.env,
    events: io.events,
    orders: io.orders,
    signal: io.signal,
    hardSignal: io.hardSignal,
  }
}

/** The same for commands that change the target. */
export function mutating(input: Input, io: Io): MutatingOptions {
  return {
    ...fromPlan(input, io),
    dryRun: yes(input, 'dryRun') || yes(input, 'printSql'),
    confirm: (preview) => io.confirm(preview),
  }
}
