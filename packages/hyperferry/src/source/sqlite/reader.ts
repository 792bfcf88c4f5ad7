/** Everything that is compiled once for a table of the plan. */
import { HyperferryError } from '../../errors.ts'
import type { EncodedBatch, PlannedTable, SourceTable } from '../../model.ts'
import type { TableReader } from '../source.ts'
import { advanceOn, axisOf, extentOf, whereOf } from './axis.ts'
import type { Encoding } from './exact.ts'
import { whereKey } from './find.ts'
import { interrupted } from './interrupted.ts'
import { readOneTable } from './inventory.ts'
import { ident } from './names.ts'
import { rowOf } from './open.ts'
import { inTransaction } from './pool.ts'
import type { Transactions } from './pool.ts'
import { readSlice } from './read.ts'
import type { ReadingThreads } from './reading-threads.ts'
import { secondReader } from './second.ts'
import { compileColumn } from './transcode.ts'

export interface ReaderContext {
  transactions: Transactions
  encoding: Encoding
  timezone: string
  signal: AbortSignal
  /** Reads in another thread; absent where all has to happen in one transaction. */
  threads?: Pick<ReadingThreads, 'read'>
}

/** A table of fewer rows is read before a thread has started. */
const THREAD_ROWS = 50_000

/** @throws HF-P021 when the live table no longer fits the plan, HF-P022 for a target type that no value of SQLite becomes. */
export function compileReader(table: PlannedTable, context: ReaderContext): TableReader {
  const { transactions, timezone, signal } = context
  const what = `cannot read table ${table.source}`
  const live = inTransaction(transactions, what, (database) => fitting(table, readOneTable(database, table.source)))
  const axis = axisOf(table, live)
  // Compiled here only to fail early; each read compiles its own, for counters of its own.
  for (const column of table.columns) {
    if (column.generated === null) compileColumn(column, { table, timezone, onLoss: () => undefined })
  }
  const from = `FROM main.${ident(live.name)}`
  return {
    read: (slice) => {
      const here = (): AsyncGenerator<EncodedBatch> =>
        readSlice({ ...context, table, live, axis }, whereOf(axis, slice))
      const large = table.estimatedRows >= THREAD_ROWS
      return (large ? context.threads?.read(table, slice) : null) ?? here()
    },
    find(values) {
      const where = whereKey(live, values)
      return where === null ? null : readSlice({ ...context, table, live, axis }, where)
    },
    async count(slice) {
      interrupted(signal)
      const where = whereOf(axis, slice)
      return inTransaction(transactions, what, (database) => {
        const row = rowOf(database, `SELECT count(*) ${from} WHERE ${where.sql}`, ...where.values)
        return row?.[0] as bigint
      })
    },
    async extent() {
      interrupted(signal)
      return axis === null ? null : inTransaction(transactions, what, (database) => extentOf(database, live.name, axis))
    },
    async advance(position, rows) {
      interrupted(signal)
      if (axis === null) return null
      return inTransaction(transactions, what, (database) =>
        advanceOn(database, live.name, { axis, from: position, rows }),
      )
    },
    second: secondReader({ ...context, table, live, axis }),
  }
}

function fitting(table: PlannedTable, live: SourceTable | null): SourceTable {
  if (live === null) throw new HyperferryError('HF-P021', { what: `the source has no table ${table.source}` })
  for (const planned of table.columns) {
    const column = live.columns.find((c) => c.name === planned.source)
    const place = `${table.source}.${planned.source}`
    if (!column) throw new HyperferryError('HF-P021', { what: `the source has no column ${place}` })
    if (column.type !== planned.sourceType) {
      const what = `column ${place} is declared ${column.type || 'without type'}, the plan says ${planned.sourceType || 'without type'}`
      throw new HyperferryError('HF-P021', { what })
    }
  }
  return live
}
