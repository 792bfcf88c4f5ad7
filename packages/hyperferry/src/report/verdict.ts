/** What the last verify said of a table, and whether it still holds. Pure. */
import type { StepRecord } from '../control/step-log.ts'
import type { Json } from '../model.ts'

/** `stale`: the table was equal, and receipts have changed since. */
export type VerdictState = 'never' | 'equal' | 'different' | 'stale'

export interface Verdict {
  state: VerdictState
  /** Level of the run that decided; null when there was none. */
  level: string | null
  /** When that run ended, ISO 8601 UTC. */
  at: string | null
  /** The run's own words about the table; null when there was none. */
  found: Json
}

/**
 * The newest verify of level digest or rows over the whole table decides; a run over a part of it (`--from`, `--to`) only if it found a difference.
 * An equal run counts for the digest that the receipts had then, and for the one that a final copy has left since: that compares the rows, but it cannot
 * see what a verify sees that found a difference.
 */
export function verdictOf(steps: readonly StepRecord[], table: string, digest: string): Verdict {
  let copied: Json | undefined
  for (const step of steps.toReversed()) {
    if (step.status !== 'done') continue
    if (step.step === 'final-copy') copied ??= tablesOf(step.output).find((each) => member(each, 'name') === table)
    if (step.step !== 'verify') continue
    const level = textOf(member(step.output, 'level'))
    const found = tablesOf(step.output).find((each) => member(each, 'name') === table)
    if (found === undefined || (level !== 'digest' && level !== 'rows')) continue
    const verdict = { level, at: step.finishedAt, found }
    if (member(found, 'equal') === false) return { state: 'different', ...verdict }
    // null: it was not compared, as nobody follows it in this stage.
    if (member(found, 'partial') === true || member(found, 'equal') === null) continue
    // Of a table that is written while it is compared, the receipts' own digest of then tells whether they are the same now.
    const then = member(found, 'books') ?? member(found, 'digest')
    return { state: then === digest || member(copied, 'digest') === digest ? 'equal' : 'stale', ...verdict }
  }
  return { state: 'never', level: null, at: null, found: null }
}

/** A member of a JSON object; undefined when it is none or has none of this name. */
export function member(json: Json | undefined, name: string): Json | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  return (json as { readonly [key: string]: Json })[name]
}

function tablesOf(output: Json): readonly Json[] {
  const tables = member(output, 'tables')
  return Array.isArray(tables) ? (tables as readonly Json[]) : []
}

function textOf(json: Json | undefined): string | null {
  return typeof json === 'string' ? json : null
}
