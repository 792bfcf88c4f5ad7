/** Step 5: finds the instant T that the backfill must not reach, and proves that from there on both databases hold the same. */
import { setTimeout as sleep } from 'node:timers/promises'
import { durationMicros } from '../config/duration.ts'
import { completionPoints, putCompletionPoints } from '../control/completion.ts'
import { registerTables } from '../control/ledger.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { CompletionPoint, Json, PlannedTable } from '../model.ts'
import { transaction } from '../target/transaction.ts'
import { withSession } from '../target/with-session.ts'
import { alignInstantUp, earliestInstant, positionOfInstant, timeOfInstant } from '../values/axis-instant.ts'
import { isoUtc, parseIsoInstant } from '../values/time.ts'
import { boundsOf, earliestFor, refusalsFor, waitFor } from './completion-point/choose.ts'
import { gatherFacts } from './completion-point/facts.ts'
import type { Facts, Refusal } from './completion-point/facts.ts'
import { parity } from './completion-point/parity.ts'
import { bucketsOf } from './completion-point/picture.ts'
import type { Bucket } from './completion-point/picture.ts'
import type { StepContext } from './context.ts'

export type { Bucket } from './completion-point/picture.ts'

export interface CompletionOptions {
  /** Checks this instant (ISO 8601) instead of choosing one. */
  set?: string
  /** Waits as long as it takes until T is old enough; else up to ten seconds. */
  wait?: boolean
  /** Also counts the neighbourhood of T. */
  explain?: boolean
}

export interface CompletionTable {
  name: string
  /** ISO 8601 UTC; null when refused. */
  T: string | null
  /** In the target column's own type and unit. */
  raw: string | null
  earliest: string
  latest: string | null
  refusals: Refusal[]
  buckets: Bucket[]
}

export interface CompletionResult {
  T: string | null
  grade: 'proven' | 'observed'
  tables: CompletionTable[]
  /** ISO 8601 UTC: since when every writer writes to both. */
  coverage: string
  refusals: Refusal[]
  notes: string[]
}

const YEAR_US = 365n * 86_400_000_000n
const SHORT_WAIT_US = 10_000_000n

/**
 * Chooses, proves and keeps one point for every time series, or none at all: then `refusals` say why, everything at once. Tables that have receipts keep
 * the point they have. Throws HF-W014, HF-W010, HF-T021 for a text that is no instant, HF-B030 when writers do not answer, HF-B022.
 */
export async function completionPoint(ctx: StepContext, options: CompletionOptions = {}): Promise<CompletionResult> {
  const series = ctx.plan.tables.filter(({ kind }) => kind === 'timeseries')
  const given = options.set === undefined ? null : instantGiven(options.set)
  const declared = durationMicros(ctx.plan.dualWrite.maxLateness)
  const { facts, t } = await chosen(ctx, series, { given, wait: options.wait === true })
  const points = await withSession(ctx.target, async (session) => ({
    ids: await registerTables(session, ctx.migrationId, ctx.plan.tables),
    kept: await completionPoints(session, ctx.migrationId),
  }))
  const tables: { line: CompletionTable; point: Omit<CompletionPoint, 'decidedAt'> }[] = []
  for (const table of series) {
    const point = pointOf(ctx, table, { t, facts, tableId: points.ids.get(table.source) ?? 0 })
    tables.push(await proven(ctx, table, { point, facts, declared, t, explain: options.explain === true }))
  }
  const refused = facts.refusals.length > 0 || tables.some(({ line }) => line.refusals.length > 0)
  const notes: string[] = []
  if (!refused) {
    const kept = await store(
      ctx,
      tables.map(({ point }) => point),
    )
    for (const source of kept) {
      const before = points.kept.get(source)
      if (before === undefined || before.instant === tables.find(({ point }) => point.source === source)?.point.instant)
        continue
      notes.push(`${source} has been copied for T = ${before.t} already and keeps it`)
      const line = tables.find(({ point }) => point.source === source)?.line
      if (line !== undefined) Object.assign(line, { T: before.t, raw: String(before.instant) })
    }
  }
  const lines = tables.map(({ line }) => (refused ? { ...line, T: null, raw: null } : line))
  const T = refused ? null : isoUtc(t)
  return { T, grade: facts.grade, tables: lines, coverage: isoUtc(facts.coverage), refusals: facts.refusals, notes }
}

function instantGiven(text: string): bigint {
  const parsed = parseIsoInstant(text)
  if (parsed === null || parsed.offsetMinutes === null)
    throw new HyperferryError('HF-T021', { what: `${text}: not an instant` })
  const wall = BigInt(parsed.days) * 86_400_000_000n + BigInt(parsed.microsOfDay)
  return wall - BigInt(parsed.offsetMinutes) * 60_000_000n
}

/** Chooses T, and waits until it can be looked at. Writers that are not ready are not waited for. */
async function chosen(
  ctx: StepContext,
  series: readonly PlannedTable[],
  { given, wait }: { given: bigint | null; wait: boolean },
): Promise<{ facts: Facts; t: bigint }> {
  for (;;) {
    const facts = await withSession(ctx.target, (session) => gatherFacts(ctx, session))
    const bounds = series.map((table) => boundsOf(table, facts))
    const t = given ?? earliestFor(bounds)
    const left = waitFor(t, bounds, facts.now)
    if (facts.refusals.length > 0 || left <= 0n || (!wait && left > SHORT_WAIT_US)) return { facts, t }
    if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: 'waiting for T: interrupted' })
    ctx.events.emit({
      kind: 'note',
      table: null,
      code: null,
      message: `T = ${isoUtc(t)} has to be ${Number(left / 1000n) / 1000} s older: waiting`,
    })
    await sleep(Number(left > 5_000_000n ? 5_000_000n : left) / 1000 + 50)
  }
}

function pointOf(
  ctx: StepContext,
  table: PlannedTable,
  { t, facts, tableId }: { t: bigint; facts: Facts; tableId: number },
): Omit<CompletionPoint, 'decidedAt'> {
  const { timezone } = ctx.plan.source
  const instant = alignInstantUp(table, earliestInstant(table, t, timezone))
  const beyondInstant = alignInstantUp(table, earliestInstant(table, t + YEAR_US, timezone))
  // On another axis a position would mean nothing; rows are told apart by their instants there.
  const position = (one: bigint): bigint => (table.split === 'time' ? positionOfInstant(table, one, timezone) : one)
  return {
    tableId,
    source: table.source,
    t: isoUtc(timeOfInstant(table, instant, timezone)),
    instant,
    position: position(instant),
    beyondInstant,
    beyondPosition: position(beyondInstant),
    grade: facts.grade,
    evidence: evidenceOf(table, facts),
  }
}

function evidenceOf({ source }: PlannedTable, { coverage, clockError, spread, writers }: Facts): Json {
  const { early, late, observed } = spread.get(source) ?? { early: 0n, late: 0n, observed: 0n }
  return {
    coverage: isoUtc(coverage),
    clockErrorUs: String(clockError),
    earlyUs: String(early),
    lateUs: String(late),
    observedLateUs: String(observed),
    writers: writers.map(({ name, kind, dualSince }) => ({ name, kind, dualSince })),
  }
}

async function proven(
  ctx: StepContext,
  table: PlannedTable,
  has: { point: Omit<CompletionPoint, 'decidedAt'>; facts: Facts; declared: bigint; t: bigint; explain: boolean },
): Promise<{ line: CompletionTable; point: Omit<CompletionPoint, 'decidedAt'> }> {
  const { point, facts, declared, t } = has
  const { after, until } = boundsOf(table, facts)
  const refusals = refusalsFor(timeOfInstant(table, point.instant, ctx.plan.source.timezone), table, facts, declared)
  // Nothing to count while writers are missing: their rows would be counted against the others.
  const counts =
    facts.refusals.length > 0 || refusals.length > 0
      ? null
      : await parity(ctx, table, {
          t: point.instant,
          now: facts.now,
          beyond: point.beyondInstant,
          ahead: facts.spread.get(table.source)?.early ?? 0n,
        })
  const evidence = {
    ...(point.evidence as Record<string, Json>),
    counted: counts === null ? 'not counted: the source has no index on the time' : countedJson(counts.counted),
  }
  const buckets = has.explain ? await bucketsOf(ctx, table, { coverage: facts.coverage, now: facts.now }) : []
  return {
    line: {
      name: table.name,
      T: isoUtc(t),
      raw: String(point.instant),
      earliest: isoUtc(after),
      latest: until === null ? null : isoUtc(until),
      refusals: [...refusals, ...(counts?.refusals ?? [])],
      buckets,
    },
    point: { ...point, evidence },
  }
}

function countedJson(counted: readonly { from: bigint; to: bigint; source: number; target: number }[]): Json {
  return counted.map(({ from, to, source, target }) => ({ from: String(from), to: String(to), source, target }))
}

async function store(ctx: StepContext, points: readonly Omit<CompletionPoint, 'decidedAt'>[]): Promise<string[]> {
  return withSession(ctx.target, (session) =>
    transaction(session, async () => {
      await session.query('set local synchronous_commit = on')
      const kept = await putCompletionPoints(session, ctx.migrationId, points)
      failpoint('completion-point.before-commit')
      return kept
    }),
  )
}
