/** What the copy will cost, measured: a sample of the largest tables is read, and loaded into a temporary table where that is allowed. */
import { HyperferryError } from '../../errors.ts'
import type { Finding, Forecast, PlannedTable } from '../../model.ts'
import { finding } from '../../source/finding-codes.ts'
import type { Source } from '../../source/source.ts'
import type { Session, Target } from '../../target/connect.ts'
import { copiedColumns, copySql } from '../../target/copy.ts'
import { ident, identList } from '../../target/sql.ts'
import { COPY_HEADER, COPY_TRAILER } from '../../values/copy-stream.ts'
import { parsePgType } from '../../values/pgtype.ts'
import { estimateRowBytes } from './row-size.ts'

/** Tables that are measured: the largest ones decide. */
const TABLES = 3
const SAMPLE_ROWS = 20_000
const MAX_SECONDS = 10
const MAX_BYTES = 64 * 1024 * 1024

export interface ForecastInput {
  source: Source
  target: Target
  tables: readonly PlannedTable[]
  signal: AbortSignal
}

/** Never fails the plan: what cannot be measured is estimated and said. */
export async function forecast(input: ForecastInput): Promise<{ forecast: Forecast; findings: Finding[] }> {
  const findings: Finding[] = []
  const weight = (table: PlannedTable): number => table.estimatedRows * estimateRowBytes(table)
  const measured = new Map<string, Measure>()
  const largest = input.tables
    .filter(({ estimatedRows }) => estimatedRows > 0)
    .toSorted((a, b) => weight(b) - weight(a))
  for (const table of largest.slice(0, TABLES)) {
    if (input.signal.aborted) throw new HyperferryError('HF-B022', { what: 'interrupted while measuring' })
    const measure = await attempt(input, table, findings)
    if (measure !== null && measure.rows > 0) measured.set(table.name, measure)
  }
  return { forecast: sum(input.tables, [...measured.values()], measured), findings }
}

interface Measure {
  rows: number
  seconds: number
  /** Of the temporary table with its primary key; null when it was only read. */
  targetBytes: number | null
}

async function attempt(input: ForecastInput, table: PlannedTable, findings: Finding[]): Promise<Measure | null> {
  try {
    const { batches, ...read } = await readSample(input, table)
    const written = await writeSample(input.target, table, batches, findings)
    return { rows: read.rows, seconds: read.seconds + (written?.seconds ?? 0), targetBytes: written?.bytes ?? null }
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.code === 'HF-B022') throw error
    findings.push(rough(table, `${error.code}: ${error.message}`))
    return null
  }
}

async function readSample(
  input: ForecastInput,
  table: PlannedTable,
): Promise<{ batches: Uint8Array[]; rows: number; seconds: number }> {
  const start = performance.now()
  const seconds = (): number => (performance.now() - start) / 1000
  const batches: Uint8Array[] = []
  let [rows, bytes] = [0, 0]
  for await (const batch of input.source.reader(table).read({ kind: 'all' })) {
    batches.push(batch.bytes)
    rows += batch.rows
    bytes += batch.bytes.length
    if (rows >= SAMPLE_ROWS || bytes >= MAX_BYTES || seconds() >= MAX_SECONDS) break
  }
  return { batches, rows, seconds: seconds() }
}

async function writeSample(
  target: Target,
  table: PlannedTable,
  batches: readonly Uint8Array[],
  findings: Finding[],
): Promise<{ seconds: number; bytes: number } | null> {
  const session = await target.session()
  try {
    return await loadTemporary(session, table, batches)
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.code === 'HF-B022') throw error
    findings.push(rough(table, `the target refused the temporary table (${error.sqlstate ?? error.code})`))
    return null
  } finally {
    // The transaction is still open when something failed: closing rolls it back.
    await session.release(true)
  }
}

async function loadTemporary(
  session: Session,
  table: PlannedTable,
  batches: readonly Uint8Array[],
): Promise<{ seconds: number; bytes: number }> {
  const columns = table.columns.filter(({ generated }) => generated === null)
  const definitions = columns.map(({ name, type }) => `${ident(name)} ${parsePgType(type).text}`)
  const [key] = table.keys
  if (key) definitions.push(`unique (${identList(key.columns)})`)
  await session.query('begin')
  await session.query(`create temporary table hyperferry_sample (${definitions.join(', ')}) on commit drop`)
  const start = performance.now()
  await session.copyIn(copySql('pg_temp', 'hyperferry_sample', copiedColumns(table)), [
    COPY_HEADER,
    ...batches,
    COPY_TRAILER,
  ])
  const seconds = (performance.now() - start) / 1000
  const { rows } = await session.query<{ bytes: string }>(
    "select pg_catalog.pg_total_relation_size('pg_temp.hyperferry_sample'::regclass)::text as bytes",
  )
  await session.query('rollback')
  return { seconds, bytes: Number(rows[0]?.bytes ?? 0) }
}

function sum(
  tables: readonly PlannedTable[],
  measures: readonly Measure[],
  byName: ReadonlyMap<string, Measure>,
): Forecast {
  const rows = tables.reduce((total, { estimatedRows }) => total + estimatedRows, 0)
  const sampledRows = measures.reduce((total, measure) => total + measure.rows, 0)
  const sampledSeconds = measures.reduce((total, measure) => total + measure.seconds, 0)
  const rowsPerSecond = sampledRows > 0 && sampledSeconds > 0 ? Math.round(sampledRows / sampledSeconds) : null
  const bytesOf = (table: PlannedTable): number => {
    const measure = byName.get(table.name)
    const guess = estimateRowBytes(table)
    // A tiny sample is mostly empty pages.
    return measure?.targetBytes != null && measure.rows >= 1000 ? measure.targetBytes / measure.rows : guess
  }
  return {
    rows,
    sampledRows,
    measured:
      sampledRows === 0 ? 'nothing' : measures.every(({ targetBytes }) => targetBytes !== null) ? 'write' : 'read',
    rowsPerSecond,
    seconds: rowsPerSecond === null || rowsPerSecond === 0 ? null : Math.ceil(rows / rowsPerSecond),
    targetBytes: Math.round(tables.reduce((total, table) => total + table.estimatedRows * bytesOf(table), 0)),
  }
}

function rough(table: PlannedTable, why: string): Finding {
  return finding('HF-P313', { table: table.source, message: why })
}
