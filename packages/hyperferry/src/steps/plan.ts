/** Step: look at both databases and propose the plan. Reads only. */
import { fingerprint } from '../config/plan-file.ts'
import { contradictions } from '../config/plan-consistency.ts'
import { nearest } from '../config/nearest.ts'
import { NO_WRITERS } from '../config/plan-shape.ts'
import { holdsLiteralPassword } from '../config/urls.ts'
import { HyperferryError } from '../errors.ts'
import type { Finding, Forecast, Inventory, Plan, SourceTable, TableKind } from '../model.ts'
import { finding } from '../source/finding-codes.ts'
import type { Source, TableAssessment } from '../source/source.ts'
import { columnstoreWay, wayAsReason } from '../target/columnstore-way.ts'
import type { Target } from '../target/connect.ts'
import type { Events } from '../work/events.ts'
import { clockFindings } from './plan/clock-changes.ts'
import { draftPlan } from './plan/draft.ts'
import { forecast as measure } from './plan/forecast.ts'

export type { Forecast } from '../model.ts'

export interface PlanOptions {
  /** Look at every value instead of a sample. */
  full: boolean
  /** Rows looked at per table. Default 20,000. */
  sampleRows?: number
  /** Name of the migration. Default: the source database's. */
  migration?: string
  /** Source tables to plan; default all. */
  include?: readonly string[]
  /** Source tables to leave out. */
  exclude?: readonly string[]
  /** Kinds decided by a person, by source table. */
  kinds?: Readonly<Record<string, TableKind>>
  /** Rows below which size speaks against a time series. Default 100,000. */
  seriesRows?: number
  /** URLs for the plan file, `${NAME}` allowed. One with a password is not taken: `${HYPERFERRY_SOURCE}` or `${HYPERFERRY_TARGET}` stands there instead. */
  sourceUrl?: string
  targetUrl?: string
  /** Default `public`. */
  targetSchema?: string
  /** IANA zone of wall-clock columns. Default `UTC`. */
  timezone?: string
}

export interface PlanInput {
  source: Source
  target: Target
  options: PlanOptions
  events: Events
  signal: AbortSignal
}

export interface PlanResult {
  plan: Plan
  findings: Finding[]
  forecast: Forecast
}

/**
 * Proposes a plan that runs as it is and loses nothing; what a person should decide is in the findings. The plan is the same for the same
 * database, but for the forecast. Throws HF-P024 when there is nothing to move, HF-U001 for a table that does not exist, HF-B022 on abort.
 */
export async function makePlan(input: PlanInput): Promise<PlanResult> {
  const { source, target, options, signal } = input
  const inventory = await source.inventory()
  const tables = chosen(inventory, options)
  const assessments = await assessAll(input, tables)
  const { tables: planned, findings: drafted } = draftPlan({
    inventory,
    assessments,
    target: { ...target.capabilities, cacheBytes: await cacheBytes(target) },
    options: { seriesRows: options.seriesRows ?? 100_000, kinds: new Map(Object.entries(options.kinds ?? {})) },
  })
  for (const table of planned) {
    const way = columnstoreWay(table, target.capabilities)
    if (way !== null) table.reasons.push(wayAsReason(way))
  }
  const plan: Plan = {
    migration: options.migration ?? (source.info.database || 'migration'),
    source: {
      url: withoutSecret(options.sourceUrl, '${HYPERFERRY_SOURCE}'),
      timezone: options.timezone ?? 'UTC',
      fingerprint: fingerprint(tables),
    },
    target: {
      url: withoutSecret(options.targetUrl, '${HYPERFERRY_TARGET}'),
      schema: options.targetSchema ?? 'public',
      owner: null,
    },
    tables: planned,
    exclude: inventory.tables
      .filter((table) => !tables.includes(table))
      .map(({ name }) => name)
      .toSorted(),
    dualWrite: NO_WRITERS,
    backfill: { workers: 4, taskRows: 200_000 },
    verify: { sampleRows: 10_000 },
  }
  assertSound(plan)
  const measured = await measure({ source, target, tables: planned, signal })
  return {
    plan,
    findings: [...skipped(inventory), ...drafted, ...clockFindings(plan), ...measured.findings],
    forecast: measured.forecast,
  }
}

function chosen(inventory: Inventory, { include, exclude = [] }: PlanOptions): SourceTable[] {
  const names = inventory.tables.map(({ name }) => name)
  for (const asked of [...(include ?? []), ...exclude]) {
    if (names.includes(asked)) continue
    const close = nearest(asked, names)
    throw new HyperferryError('HF-U001', {
      what: `the source has no table ${asked}`,
      hint: close === null ? 'Names are compared exactly.' : `Did you mean ${close}?`,
    })
  }
  const tables = inventory.tables.filter(({ name }) => (include?.includes(name) ?? true) && !exclude.includes(name))
  if (tables.length === 0) throw new HyperferryError('HF-P024', { what: 'the source has no tables to move' })
  return tables.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function assessAll(
  { source, options, events, signal }: PlanInput,
  tables: readonly SourceTable[],
): Promise<Map<string, TableAssessment>> {
  const assessments = new Map<string, TableAssessment>()
  for (const table of tables) {
    if (signal.aborted) throw new HyperferryError('HF-B022', { what: 'interrupted while looking at the values' })
    const estimatedRows = table.estimatedRows
    events.emit({ kind: 'table-start', table: table.name, rows: 0, bytes: 0, estimatedRows })
    const assessment = await source.assess(table, { full: options.full, sampleRows: options.sampleRows ?? 20_000 })
    assessments.set(table.name, assessment)
    events.emit({ kind: 'table-done', table: table.name, rows: assessment.rows.value, quarantined: 0 })
  }
  return assessments
}

async function cacheBytes(target: Target): Promise<number | null> {
  const { rows } = await target.query<{ bytes: string | null }>(
    "select pg_catalog.pg_size_bytes(current_setting('effective_cache_size'))::text as bytes",
  )
  const bytes = Number(rows[0]?.bytes ?? 0)
  return bytes > 0 ? bytes : null
}

function skipped(inventory: Inventory): Finding[] {
  return inventory.skipped
    .map(({ kind, name, reason }) =>
      finding(kind === 'trigger' ? 'HF-P152' : 'HF-P312', { table: null, message: `${kind} ${name}: ${reason}` }),
    )
    .toSorted((a, b) => (a.message < b.message ? -1 : a.message > b.message ? 1 : 0))
}

function withoutSecret(url: string | undefined, reference: string): string {
  return url === undefined || holdsLiteralPassword(url) ? reference : url
}

/** A draft that contradicts itself is a defect here, not of the person who will read it. */
function assertSound(plan: Plan): void {
  const faults = contradictions(plan).map(({ path, what }) => `${path.join('.')}: ${what}`)
  if (faults.length > 0) {
    throw new HyperferryError('HF-X001', {
      what: `the drafted plan contradicts itself: ${faults.join('; ')}`,
      details: { faults },
    })
  }
}
