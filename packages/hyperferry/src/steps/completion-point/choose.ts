/** The choice of T: pure, by the inequalities of docs/design/0009. */
import type { PlannedTable } from '../../model.ts'
import { isoUtc } from '../../values/time.ts'
import type { Facts, Refusal } from './facts.ts'

/** Bounds of T for one table; microseconds since 1970-01-01 UTC. */
export interface Bounds {
  /** T has to be later. */
  after: bigint
  /** T must not be later; null: any time will do. */
  until: bigint | null
}

const SECOND = 1_000_000n

/** Rows at or after T must all be in both stores; without a key none may come later that is older than T. */
export function boundsOf(table: Pick<PlannedTable, 'mode' | 'source'>, facts: Facts): Bounds {
  const { early, late } = facts.spread.get(table.source) ?? { early: 0n, late: 0n }
  return {
    after: facts.coverage + early + facts.clockError,
    until: table.mode === 'replace' ? facts.now - late - facts.clockError : null,
  }
}

/** The first whole second that is late enough for all tables. */
export function earliestFor(bounds: readonly Bounds[]): bigint {
  const after = bounds.reduce((latest, each) => (each.after > latest ? each.after : latest), bounds[0]?.after ?? 0n)
  return (after / SECOND + 1n) * SECOND
}

/** When `t` will be old enough for every table, and rows after it can be counted; microseconds from now, 0 or less when it is. */
export function waitFor(t: bigint, bounds: readonly Bounds[], now: bigint): bigint {
  const settled = t + SETTLE_US - now
  return bounds.reduce((longest, { until }) => {
    const wait = until === null ? settled : t - until
    return wait > longest ? wait : longest
  }, settled)
}

/** Rows of so long have to stand after T before anything can be said of them. */
const SETTLE_US = 2n * SECOND

/** What speaks against `t` for a table. */
export function refusalsFor(
  t: bigint,
  table: Pick<PlannedTable, 'mode' | 'source'>,
  facts: Facts,
  declared: bigint,
): Refusal[] {
  const refusals: Refusal[] = []
  const { after, until } = boundsOf(table, facts)
  const { observed } = facts.spread.get(table.source) ?? { observed: 0n }
  if (t <= after) refusals.push({ code: 'HF-T018', message: `T has to be after ${isoUtc(after)}` })
  if (until !== null && t > until) {
    const ready = facts.now + (t - until)
    refusals.push({
      code: 'HF-T017',
      message: `rows may come until ${isoUtc(ready)} that are older; ask again then, or --wait`,
    })
  }
  if (table.mode === 'replace' && observed > declared) {
    refusals.push({
      code: 'HF-T019',
      message: `rows came ${Number(observed / 1000n) / 1000} s late, declared are ${Number(declared / 1000n) / 1000} s`,
    })
  }
  return refusals
}
