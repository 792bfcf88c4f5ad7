/** The choice of T: pure, by the inequalities of docs/design/0009. */
import type { PlannedTable } from '../../model.ts'
import {
  alignInstantUp,
  earliestInstant,
  instantOfTime,
  latestInstant,
  timeOfInstant,
} from '../../values/axis-instant.ts'
import { isoUtc } from '../../values/time.ts'
import type { Facts, Refusal } from './facts.ts'

/** Bounds of T for one table; microseconds since 1970-01-01 UTC. */
export interface Bounds {
  /** T has to be later. */
  after: bigint
  /** T must not be later; null: any time will do. */
  until: bigint | null
}

export type Measured = Pick<Facts, 'now' | 'coverage' | 'clockError' | 'spread'>

const SECOND = 1_000_000n
const DAY = 86_400n * SECOND
/** Waited for without being asked to. */
export const SHORT_WAIT_US = 10n * SECOND
/** Rows of so long have to stand after T before anything can be said of them. */
const SETTLE_US = 2n * SECOND

/** Rows at or after T must all be in both stores; without a key none may come later that is older than T. */
export function boundsOf(table: Pick<PlannedTable, 'mode' | 'source'>, facts: Measured): Bounds {
  const { early, late } = facts.spread.get(table.source) ?? { early: 0n, late: 0n }
  return {
    after: facts.coverage + early + facts.clockError,
    until: table.mode === 'replace' ? facts.now - late - facts.clockError : null,
  }
}

/** The first whole second that is late enough for all of them. */
function earliestFor(bounds: readonly Bounds[]): bigint {
  const after = bounds.reduce((latest, each) => (each.after > latest ? each.after : latest), bounds[0]?.after ?? 0n)
  return (after / SECOND + 1n) * SECOND
}

/** The smallest instant at which both stores can be cut so that every row from before `t` lies below it. */
export function instantFor(table: PlannedTable, t: bigint, timezone: string): bigint {
  const above = latestInstant(table, t - 1n, timezone) + 1n
  const at = instantOfTime(table, t, timezone)
  return alignInstantUp(table, above > at ? above : at)
}

export interface Wishes {
  timezone: string
  /** T as a person gave it, microseconds UTC; null: choose one. */
  given: bigint | null
  /** Points found before, by source table: kept while nothing speaks against them, so that a second run changes nothing. */
  before: ReadonlyMap<string, bigint>
}

/**
 * An instant for each table. All get the same T where that one is over already and fits; a table without a key must not wait for another whose rows are
 * stamped far ahead.
 */
export function choose(tables: readonly PlannedTable[], facts: Measured, wishes: Wishes): bigint[] {
  const { timezone, given, before } = wishes
  const shared = earliestFor(tables.map((table) => boundsOf(table, facts)))
  const fits = (table: PlannedTable, instant: bigint): boolean =>
    refusalsFor(table, instant, facts, timezone).length === 0
  return tables.map((table) => {
    if (given !== null) return instantFor(table, given, timezone)
    const known = before.get(table.source)
    if (known !== undefined && fits(table, known)) return known
    const together = instantFor(table, shared, timezone)
    if (shared <= facts.now + SHORT_WAIT_US && fits(table, together)) return together
    return instantFor(table, earliestFor([boundsOf(table, facts)]), timezone)
  })
}

/** How long until `instant` is old enough for a table, and until rows after it can be counted if that is soon; microseconds, 0 or less: now. */
export function waitFor(table: PlannedTable, instant: bigint, facts: Measured, timezone: string): bigint {
  const t = timeOfInstant(table, instant, timezone)
  const { until } = boundsOf(table, facts)
  const tooYoung = until === null || instant <= earliestInstant(table, until, timezone) ? 0n : t - until
  const settled = t + SETTLE_US - facts.now
  return settled > SHORT_WAIT_US || settled < tooYoung ? tooYoung : settled
}

/** Which inequalities `instant` breaks for a table. */
export function refusalsFor(table: PlannedTable, instant: bigint, facts: Measured, timezone: string): Refusal[] {
  const { after, until } = boundsOf(table, facts)
  const refusals: Refusal[] = []
  if (instant <= latestInstant(table, after, timezone)) {
    refusals.push({ code: 'HF-T018', message: `T has to be after ${isoUtc(after)}` })
  }
  const t = timeOfInstant(table, instant, timezone)
  if (until !== null && instant > earliestInstant(table, until, timezone)) {
    const ready = isoUtc(facts.now + (t - until))
    refusals.push({
      code: 'HF-T017',
      message: `rows may come until ${ready} that are older than T: ask again then, or --wait`,
    })
  }
  // A day's column is cut at the next midnight; more than that is a slip of the hand.
  if (t > facts.now + (facts.spread.get(table.source)?.early ?? 0n) + 2n * DAY) {
    refusals.push({ code: 'HF-T017', message: `T is days ahead of now, ${isoUtc(facts.now)}` })
  }
  return refusals
}

/** Rows were later than the plan declares. It counts where no row may be later; elsewhere it is worth a word. */
export function laterThanDeclared(
  { source }: Pick<PlannedTable, 'source'>,
  { spread }: Pick<Facts, 'spread'>,
): string | null {
  const { observed = 0n, declared = 0n } = spread.get(source) ?? {}
  if (observed <= declared) return null
  return `rows came ${seconds(observed)} s late, declared are ${seconds(declared)} s`
}

/** `12.345` */
export function seconds(micros: bigint): string {
  return String(Number(micros / 1000n) / 1000)
}
