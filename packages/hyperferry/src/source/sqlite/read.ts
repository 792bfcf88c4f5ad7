/** Rows of a slice as binary COPY tuples. */
import { setImmediate as turn } from 'node:timers/promises'
import type { DatabaseSync } from 'node:sqlite'
import type { EncodedBatch, PlannedTable, RejectedRow, SourceTable } from '../../model.ts'
import { Reject } from '../../values/encode/reject.ts'
import { TupleWriter } from '../../values/tuple-writer.ts'
import type { Axis, Where } from './axis.ts'
import { sqliteError } from './errors.ts'
import { describeValue, exactReader, exactSql, exactValue, keySql, suspicion } from './exact.ts'
import type { Encoding, ExactReader } from './exact.ts'
import { interrupted } from './interrupted.ts'
import { LossCounter } from './losses.ts'
import { ident } from './names.ts'
import { prepare } from './open.ts'
import type { SqliteRow, SqliteValue } from './value.ts'
import type { Transactions } from './pool.ts'
import { rowKey } from './shape.ts'
import type { RowKey } from './shape.ts'
import { compileColumn } from './transcode.ts'
import type { ExactText } from './value.ts'
import type { FieldWriter } from './transcode.ts'

/** A batch ends with the row that reaches one of these. */
const BATCH_BYTES = 1 << 20
const BATCH_ROWS = 8192

export interface ReadContext {
  table: PlannedTable
  live: SourceTable
  axis: Axis | null
  encoding: Encoding
  timezone: string
  transactions: Transactions
  signal: AbortSignal
}

/** The rows of a condition. One read transaction from the first batch asked for until the iterator ends. */
export async function* readSlice(context: ReadContext, where: Where): AsyncGenerator<EncodedBatch, void, undefined> {
  interrupted(context.signal)
  const what = `cannot read table ${context.table.source}`
  const transaction = context.transactions.begin()
  let rows: Iterator<ReadRow> | null = null
  try {
    const run = startRun(transaction.database, context, where)
    rows = run.rows
    for (;;) {
      const batch = nextBatch(run)
      if (batch !== null) yield batch
      if (run.ended) return
      // SQLite reads in this very thread: let timers, signals and sockets have their turn.
      await turn()
      interrupted(context.signal)
    }
  } catch (error) {
    throw sqliteError(error, what)
  } finally {
    if (rows !== null) reset(rows)
    transaction.done()
  }
}

/** A statement that is not reset would keep the transaction open. */
function reset(rows: Iterator<unknown>): void {
  try {
    rows.return?.()
  } catch {
    // The connection was closed meanwhile, and the statement with it.
  }
}

interface Run {
  rows: Iterator<ReadRow>
  ended: boolean
  writer: TupleWriter
  losses: LossCounter
  encodeRow: (row: ReadRow) => RejectedRow | null
}

/** What `startRun` selected: the key, then the planned columns. */
type ReadRow = (SqliteValue | ExactText)[]

function startRun(database: DatabaseSync, context: ReadContext, where: Where): Run {
  const { table, live } = context
  const columns = table.columns.filter((column) => column.generated === null)
  const writer = new TupleWriter(columns.length, BATCH_BYTES + (BATCH_BYTES >>> 2))
  const losses = new LossCounter()
  const key = rowKey(live)
  const keyList = keySql(key)
  // A row that nothing names cannot be read again: its texts come as bytes at once.
  const isNamed = key.parts.length > 0
  const select = [...keyList, ...columns.map(({ source }) => (isNamed ? ident(source) : exactSql(ident(source))))]
  const statement = prepare(database, `SELECT ${select.join(', ')} FROM main.${ident(live.name)} WHERE ${where.sql}`)
  const writers = columns.map((column) =>
    compileColumn(column, { table, timezone: context.timezone, onLoss: (code, name) => losses.add(code, name) }),
  )
  const keyWidth = key.rowid ? keyList.length : keyList.length * 2
  const names = live.columns.map((column) => column.name)
  const exact = exactReader(database, { table: live, columns: names, key, encoding: context.encoding })
  const places = columns.map((column) => names.indexOf(column.source))
  const rejector = { live, key, keyWidth, exact, encoding: context.encoding, columns: columns.map((c) => c.source) }
  const encodeRow = compileRow({
    writer,
    writers,
    losses,
    keyWidth,
    exact,
    places,
    suspect: suspicion(context.encoding),
    rejector,
  })
  const found = statement.iterate(...where.values) as unknown as IterableIterator<SqliteRow>
  const rows: Iterator<ReadRow> = isNamed ? found : exactRows(found, columns.length, context.encoding)
  return { rows, ended: false, writer, losses, encodeRow }
}

function* exactRows(found: Iterable<SqliteRow>, width: number, encoding: Encoding): Generator<ReadRow, void> {
  for (const row of found) {
    yield Array.from({ length: width }, (_, i) => exactValue(row[i * 2], row[i * 2 + 1], encoding))
  }
}

interface RowContext {
  writer: TupleWriter
  writers: FieldWriter[]
  losses: LossCounter
  keyWidth: number
  exact: ExactReader
  /** Index of each planned column among the table's columns. */
  places: number[]
  suspect: (text: string) => boolean
  rejector: Rejector
}

function compileRow(context: RowContext): (row: ReadRow) => RejectedRow | null {
  const { writer, writers, losses, keyWidth, exact, places, suspect, rejector } = context
  const width = writers.length
  return (row) => {
    let exactRow: (SqliteValue | ExactText)[] | null = null
    let at = 0
    writer.startRow()
    try {
      for (; at < width; at += 1) {
        let value: SqliteValue | ExactText = row[keyWidth + at] ?? null
        if (typeof value === 'string' && suspect(value)) {
          exactRow ??= exact.values(keyOf(row, keyWidth))
          value = exactRow?.[places[at] ?? -1] ?? value
        }
        const write = writers[at]
        if (write) write(writer, value)
      }
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      writer.abortRow()
      losses.rowRejected()
      return rejectedRow(rejector, row, { reject: error, at })
    }
    writer.endRow()
    losses.rowKept()
    return null
  }
}

/** null when nothing was left but the end. */
function nextBatch(run: Run): EncodedBatch | null {
  const { writer } = run
  const rejected: RejectedRow[] = []
  while (writer.size < BATCH_BYTES && writer.rows < BATCH_ROWS && rejected.length < BATCH_ROWS) {
    const next = run.rows.next()
    if (next.done === true) {
      run.ended = true
      break
    }
    const refused = run.encodeRow(next.value)
    if (refused) rejected.push(refused)
  }
  if (writer.rows === 0 && rejected.length === 0) return null
  const { rows, bytes, ends } = writer.take()
  return { rows, bytes, ends, rejected, losses: run.losses.take() }
}

interface Rejector {
  live: SourceTable
  key: RowKey
  keyWidth: number
  exact: ExactReader
  encoding: Encoding
  /** Planned columns, in the order of the row after the key. */
  columns: string[]
}

function rejectedRow(context: Rejector, row: ReadRow, { reject, at }: { reject: Reject; at: number }): RejectedRow {
  const { live, key, keyWidth, exact, encoding, columns } = context
  const all = exact.values(keyOf(row, keyWidth))
  const values: Record<string, string | null> = {}
  if (all) live.columns.forEach((column, i) => (values[column.name] = describeValue(all[i] ?? null)))
  else columns.forEach((column, i) => (values[column] = describeValue(row[keyWidth + i] ?? null)))
  const names: Record<string, string | null> = {}
  key.parts.forEach((part, i) => {
    const selected = keyOf(row, keyWidth)
    const value = key.rowid ? (selected[i] ?? null) : exactValue(selected[i * 2], selected[i * 2 + 1], encoding)
    names[part.name] = describeValue(value)
  })
  // A declared key says more than the rowid, when it is complete.
  const declared = live.primaryKey.map((name) => [name, values[name] ?? null] as const)
  const useDeclared = declared.length > 0 && declared.every(([, value]) => value !== null)
  return {
    code: reject.code,
    column: columns[at] ?? null,
    reason: reject.reason,
    sqlstate: null,
    key: useDeclared ? Object.fromEntries(declared) : key.parts.length > 0 ? names : values,
    values,
  }
}

/** The key's part is selected as SQLite gives it. */
function keyOf(row: ReadRow, keyWidth: number): SqliteValue[] {
  return row.slice(0, keyWidth) as SqliteValue[]
}
