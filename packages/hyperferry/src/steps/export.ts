/** Dumps tables to CSV files that load to exactly the same rows, for a target that cannot be reached from here. Changes neither database. */
import { join } from 'node:path'
import { planHash } from '../config/plan-file.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { CompletionPoint, PlannedTable } from '../model.ts'
import { SOURCE_FILE, SOURCE_FORMAT, storedSource } from '../source/stored.ts'
import { NORMALISER_VERSION } from '../values/normalise.ts'
import { VERSION } from '../version.ts'
import { usualRetry } from '../work/backoff.ts'
import type { RetryPolicy } from '../work/backoff.ts'
import type { Waiting } from '../work/attempts.ts'
import { writeOwn } from '../work/csv/files.ts'
import { makeFolder } from '../work/csv/folder.ts'
import { EXPORT_FORMAT, spanToFile } from '../work/csv/manifest.ts'
import type { ExportHeader } from '../work/csv/manifest.ts'
import { compilePart } from '../work/part.ts'
import { tableWork } from '../work/table-work.ts'
import type { TableWork } from '../work/table-work.ts'
import type { StepContext } from './context.ts'
import { exportTable } from './export/export-table.ts'
import type { ExportResult } from './export/result.ts'
import { T, windowFor } from './export/window.ts'
import type { Bounds } from './export/window.ts'

export type { ExportResult } from './export/result.ts'

/** A completion point, and the newest late op when the export began: later ones may be missing in the files. */
export type ExportPoint = CompletionPoint & { lateSince: bigint }

export interface ExportContext extends Pick<StepContext, 'plan' | 'source' | 'events' | 'signal' | 'hardSignal'> {
  /** By source table; asked for by `to: 'T'`. */
  points: ReadonlyMap<string, ExportPoint>
}

export interface ExportOptions extends Bounds {
  /** Names (source or target). */
  tables: readonly string[]
  /** Each table gets a folder of its own in it. */
  out: string
  gzip?: boolean
  /** Files written at the same time. Default the plan's. */
  workers?: number
  /** Rows that may be left out because they cannot be represented. Default 0. */
  acceptQuarantine?: number
  retry?: RetryPolicy
}

/**
 * Writes what no finished file holds yet; running it again goes on where it ended, and with nothing left it changes nothing. Throws HF-U001 for tables or bounds
 * that are not there, HF-T010 when T is asked for and not known, HF-E0… as the folder is, HF-E020 when rows could not be represented (all else is done then).
 */
export async function exportTables(ctx: ExportContext, options: ExportOptions): Promise<ExportResult> {
  const started = performance.now()
  const run: Waiting = { events: ctx.events, retry: options.retry ?? usualRetry, stop: ctx.hardSignal }
  const jobs = chosen(ctx, options.tables).map((table) => jobOf(ctx, table, options))
  await describeSource(ctx, options.out)
  const result: ExportResult = { files: [], rows: 0, bytes: 0, rejected: 0, seconds: 0, tables: [], notes: [] }
  for (const { work, header } of jobs) {
    const { table, files } = await exportTable(run, work, header, {
      out: options.out,
      workers: options.workers ?? ctx.plan.backfill.workers,
      taskRows: ctx.plan.backfill.taskRows,
      timezone: ctx.plan.source.timezone,
      signal: ctx.signal,
    })
    ctx.events.emit({ kind: 'table-done', table: table.name, rows: table.rows, quarantined: table.rejected })
    result.tables.push(table)
    result.files.push(...files.map(({ file }) => join(table.folder, file)))
    result.rows += table.rows
    result.bytes += table.bytes
    result.rejected += table.rejected
    if (!header.residual && work.table.split !== 'all')
      result.notes.push(
        `${table.name}: rows without a position on the axis go with the beginning (no --from); they are not in these files`,
      )
  }
  result.seconds = Math.round(performance.now() - started) / 1000
  failpoint('export.before-done')
  rejectedGate(result, options.acceptQuarantine ?? 0)
  return result
}

/** So that the folder can stand for the source where that cannot be reached. */
async function describeSource({ source }: ExportContext, out: string): Promise<void> {
  await makeFolder(out)
  await writeOwn(join(out, SOURCE_FILE), storedSource(source.info, await source.inventory()), SOURCE_FORMAT)
}

function chosen({ plan }: ExportContext, names: readonly string[]): PlannedTable[] {
  return names.map((name) => {
    const table = plan.tables.find((each) => each.source === name || each.name === name)
    if (table !== undefined) return table
    throw new HyperferryError('HF-U001', {
      what: `no table "${name}" in the plan`,
      hint: `The plan has: ${plan.tables.map(({ source }) => source).join(', ')}.`,
    })
  })
}

/** What is to be exported of a table; decided for all of them before the first row is read. */
function jobOf(
  ctx: ExportContext,
  table: PlannedTable,
  options: ExportOptions,
): { work: TableWork; header: ExportHeader } {
  const { plan, source } = ctx
  const point = options.to === T ? pointOf(ctx, table) : null
  const window = windowFor(table, plan.source.timezone, { ...options, point })
  const whole = tableWork(plan.target.schema, table, 0, source.reader(table))
  const { identity, product, version, database } = source.info
  return {
    work: point === null ? whole : { ...whole, part: compilePart(whole, point, plan.source.timezone) },
    header: {
      format: EXPORT_FORMAT,
      tool: VERSION,
      migration: plan.migration,
      planHash: planHash(plan),
      source: { identity, product, version, database },
      table: { source: table.source, name: table.name, split: table.split, axis: table.axis },
      columns: whole.columns.map(({ name, type }) => ({ name, type })),
      normaliser: NORMALISER_VERSION,
      gzip: options.gzip ?? false,
      spans: window.spans.map(spanToFile),
      residual: window.residual,
      point: point && {
        instant: String(point.instant),
        beyondInstant: String(point.beyondInstant),
        lateSince: String(point.lateSince),
      },
    },
  }
}

function pointOf({ points }: ExportContext, { source }: PlannedTable): ExportPoint {
  const point = points.get(source)
  if (point !== undefined) return point
  throw new HyperferryError('HF-T010', { what: `no completion point for ${source}`, details: { tables: [source] } })
}

function rejectedGate(result: ExportResult, accepted: number): void {
  if (result.rejected <= accepted) return
  throw new HyperferryError('HF-E020', {
    what: `${result.rejected} rows could not be represented${accepted > 0 ? `, ${accepted} are accepted` : ''}`,
    details: { rejected: result.rejected, result },
  })
}
