/** Step 5: finds the instant T that the backfill must not reach, and proves that from there on both databases hold the same. */
import { setTimeout as sleep } from 'node:timers/promises'
import { completionPoints, putCompletionPoints, tablesBegun } from '../control/completion.ts'
import { registerTables } from '../control/ledger.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { CompletionPoint, Json, PlannedTable } from '../model.ts'
import { transaction } from '../target/transaction.ts'
import { withSession } from '../target/with-session.ts'
import { positionOfInstant, timeOfInstant } from '../values/axis-instant.ts'
import { isoUtc, parseIsoInstant } from '../values/time.ts'
import {
  boundsOf,
  choose,
  instantFor,
  laterThanDeclared,
  refusalsFor,
  seconds,
  SHORT_WAIT_US,
  waitFor,
} from './completion-point/choose.ts'
import { gatherFacts } from './completion-point/facts.ts'
import type { Facts, Refusal } from './completion-point/facts.ts'
import { parity } from './completion-point/parity.ts'
import type { Proof } from './completion-point/parity.ts'
import { bucketsOf } from './completion-point/picture.ts'
import type { Bucket } from './completion-point/picture.ts'
import type { StepContext } from './context.ts'

export interface CompletionOptions {
  /** Checks this instant (ISO 8601) instead of choosing one. */
  set?: string
  /** Waits as long as it takes until T is old enough; else up to ten seconds. */
  wait?: boolean
  /** Also counts the neighbourhood of T. */
  explain?: boolean
}

interface CompletionTable {
  name: string
  /** ISO 8601 UTC; null when refused. */
  T: string | null
  /** In the target column's own type and unit. */
  raw: string | null
  earliest: string
  latest: string | null
  refusals: Refusal[]
  /** How late rows came, microseconds; `usual` is for all but one in ten thousand. */
  lateness: { rows: number; usualUs: number; observedUs: number; declaredUs: number; earlyUs: number }
  buckets: Bucket[]
}

export interface CompletionResult {
  /** The latest of the tables' points; they are the same where that is possible. */
  T: string | null
  grade: CompletionPoint['grade']
  tables: CompletionTable[]
  /** ISO 8601 UTC: since when every writer writes to both. */
  coverage: string
  writers: { known: number; expected: number | null; clockErrorUs: number }
  refusals: Refusal[]
  notes: string[]
}

const YEAR_US = 365n * 86_400_000_000n

type Point = Omit<CompletionPoint, 'decidedAt'>

/**
 * Chooses, proves and keeps one point for every time series, or none at all: then `refusals` say why, everything at once. Tables that have receipts keep
 * the point they have. Throws HF-W014, HF-W010, HF-T021 for a text that is no instant, HF-B030 when writers do not answer, HF-B022.
 */
export async function completionPoint(ctx: StepContext, options: CompletionOptions = {}): Promise<CompletionResult> {
  const series = ctx.plan.tables.filter(({ kind }) => kind === 'timeseries')
  const given = options.set === undefined ? null : instantGiven(options.set)
  const { ids, known, begun } = await withSession(ctx.target, async (session) => ({
    ids: await registerTables(session, ctx.migrationId, ctx.plan.tables),
    known: await completionPoints(session, ctx.migrationId),
    begun: await tablesBegun(session, ctx.migrationId),
  }))
  const open = series.filter(({ source }) => !begun.has(source) || !known.has(source))
  const before = new Map([...known.values()].map(({ source, instant }) => [source, instant]))
  const { facts, instants } = await chosen(ctx, open, { given, before, wait: options.wait === true })
  const broken = open.map((table, index) => brokenBy(ctx, table, instants[index] ?? 0n, facts))
  // Nothing to count while writers are missing: their rows would be counted against the others.
  const hopeless = facts.refusals.length > 0 || broken.some((each) => each.length > 0)
  const parts = open.map((table, index) => ({ table, ...partOf(ctx, table, instants[index] ?? 0n) }))
  const proofs = hopeless ? [] : await parity(ctx, parts, facts)
  const points = parts.map((part, index) =>
    pointOf(ctx, part, { facts, tableId: ids.get(part.table.source) ?? 0, proof: proofs[index] ?? null }),
  )
  const refusals = broken.map((each, index) => [...each, ...(proofs[index]?.refusals ?? [])])
  const refused = hopeless || refusals.some((each) => each.length > 0)
  if (!refused) await store(ctx, points)
  const kept = series.flatMap(({ source }) =>
    open.some((each) => each.source === source) ? [] : (known.get(source) ?? []),
  )
  const all = new Map<string, Pick<Point, 't' | 'instant' | 'grade'>>(
    [...kept, ...points].map((each) => [each.source, each]),
  )
  const tables: CompletionTable[] = []
  for (const table of series) {
    const buckets = options.explain === true ? await bucketsOf(ctx, table, facts) : []
    const point = refused ? undefined : all.get(table.source)
    const { after, until } = boundsOf(table, facts)
    tables.push({
      name: table.name,
      T: point?.t ?? null,
      raw: point === undefined ? null : String(point.instant),
      earliest: isoUtc(after),
      latest: until === null ? null : isoUtc(until),
      refusals: refusals[open.indexOf(table)] ?? [],
      lateness: latenessOf(table, facts),
      buckets,
    })
  }
  return {
    T: tables.reduce<string | null>(
      (latest, { T }) => (T !== null && (latest === null || T > latest) ? T : latest),
      null,
    ),
    grade: points.some(({ grade }) => grade === 'observed') ? 'observed' : facts.grade,
    tables,
    coverage: isoUtc(facts.coverage),
    writers: {
      known: facts.writers.length,
      expected: ctx.plan.dualWrite.writers,
      clockErrorUs: Number(facts.clockError),
    },
    refusals: facts.refusals,
    notes: [
      ...kept.map(({ source, t }) => `${source} has been copied for T = ${t} already and keeps it`),
      ...open.flatMap((table) => notesOf(table, facts)),
    ],
  }
}

function latenessOf({ source }: PlannedTable, { spread }: Facts): CompletionTable['lateness'] {
  const { rows = 0, usual = 0n, observed = 0n, declared = 0n, early = 0n } = spread.get(source) ?? {}
  return {
    rows,
    usualUs: Number(usual),
    observedUs: Number(observed),
    declaredUs: Number(declared),
    earlyUs: Number(early),
  }
}

function notesOf(table: PlannedTable, facts: Facts): string[] {
  const late = table.mode === 'merge' ? laterThanDeclared(table, facts) : null
  return late === null ? [] : [`${table.name}: ${late}; harmless, since it has a key`]
}

function brokenBy(ctx: StepContext, table: PlannedTable, instant: bigint, facts: Facts): Refusal[] {
  const late = table.mode === 'replace' ? laterThanDeclared(table, facts) : null
  return [
    ...refusalsFor(table, instant, facts, ctx.plan.source.timezone),
    ...(late === null ? [] : [{ code: 'HF-T019' as const, message: late }]),
  ]
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
  tables: readonly PlannedTable[],
  wishes: { given: bigint | null; before: ReadonlyMap<string, bigint>; wait: boolean },
): Promise<{ facts: Facts; instants: bigint[] }> {
  const { timezone } = ctx.plan.source
  for (;;) {
    const facts = await withSession(ctx.target, (session) => gatherFacts(ctx, session))
    const instants = choose(tables, facts, { ...wishes, timezone })
    const waits = tables.map((table, index) => waitFor(table, instants[index] ?? 0n, facts, timezone))
    const left = waits.reduce((longest, each) => (each > longest ? each : longest), 0n)
    if (facts.refusals.length > 0 || left <= 0n || (!wishes.wait && left > SHORT_WAIT_US)) return { facts, instants }
    if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: 'waiting for T: interrupted' })
    const table = tables[waits.indexOf(left)]
    ctx.events.emit({
      kind: 'note',
      table: table?.name ?? null,
      code: null,
      message: `T has to be ${seconds(left)} s older: waiting`,
    })
    await pause(Number(left > 5_000_000n ? 5_000_000n : left) / 1000 + 50, ctx.signal)
  }
}

/** Ends early when interrupted; the caller looks at the signal. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** The journals' part of a table: from T to F. */
function partOf(ctx: StepContext, table: PlannedTable, instant: bigint): { instant: bigint; beyond: bigint } {
  const { timezone } = ctx.plan.source
  return { instant, beyond: instantFor(table, timeOfInstant(table, instant, timezone) + YEAR_US, timezone) }
}

function pointOf(
  ctx: StepContext,
  { table, instant, beyond }: { table: PlannedTable; instant: bigint; beyond: bigint },
  { facts, tableId, proof }: { facts: Facts; tableId: number; proof: Proof | null },
): Point {
  const { timezone } = ctx.plan.source
  // On another axis a position would mean nothing; rows are told apart by their instants there.
  const position = (one: bigint): bigint => (table.split === 'time' ? positionOfInstant(table, one, timezone) : one)
  return {
    tableId,
    source: table.source,
    t: isoUtc(timeOfInstant(table, instant, timezone)),
    instant,
    position: position(instant),
    beyondInstant: beyond,
    beyondPosition: position(beyond),
    grade: proof?.counted.some(({ equal }) => equal === null) === true ? 'observed' : facts.grade,
    evidence: evidenceOf(table, facts, proof),
  }
}

function evidenceOf({ source }: PlannedTable, facts: Facts, proof: Proof | null): Json {
  const { coverage, clockError, spread, writers } = facts
  const { early = 0n, late = 0n, observed = 0n, declared = 0n } = spread.get(source) ?? {}
  return {
    coverage: isoUtc(coverage),
    clockErrorUs: String(clockError),
    earlyUs: String(early),
    lateUs: String(late),
    observedLateUs: String(observed),
    declaredLateUs: String(declared),
    writers: writers.map(({ name, kind, dualSince }) => ({ name, kind, dualSince })),
    counted:
      proof?.counted.map((each) => ({ ...each, from: String(each.from), to: String(each.to) })) ??
      'not counted: the source has no index on the time',
  }
}

async function store(ctx: StepContext, points: readonly Point[]): Promise<void> {
  await withSession(ctx.target, (session) =>
    transaction(session, async () => {
      await session.query('set local synchronous_commit = on')
      await putCompletionPoints(session, ctx.migrationId, points)
      failpoint('completion-point.before-commit')
    }),
  )
}
