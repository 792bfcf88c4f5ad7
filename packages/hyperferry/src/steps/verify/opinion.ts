/** The second opinion on a table, with what it needs to know of it. */
import type { Receipt } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import type { StepContext } from '../context.ts'
import type { Bench } from './bench.ts'
import type { VerifiedTable } from './document.ts'
import { exactAdvance } from './examine.ts'
import type { KeptBack } from './excused.ts'
import { meaning } from './meaning.ts'
import type { MeaningOptions } from './meaning.ts'
import type { VerifyOptions } from './options.ts'
import { isCuttable, rangeOf, residualRange } from './ranges.ts'

export interface OpinionCase {
  bench: Bench
  books: { receipts: readonly Receipt[]; keptBack: readonly KeptBack[] }
  /** On the snapshot that was compared; in no transaction while the application writes. */
  session: Session
  verified: VerifiedTable
  /** While the application writes: which rows are compared, and how to wait for those that are on their way. */
  live?: Pick<MeaningOptions, 'settle' | 'isSettled'>
}

/** Adds it to what was verified; `equal` becomes false when the two servers print something else. */
export async function addMeaning(ctx: StepContext, to: OpinionCase, options: VerifyOptions): Promise<void> {
  const { bench, books, session, verified, live } = to
  const { table, timezone } = bench
  const sampleRows = options.sampleRows ?? ctx.plan.verify.sampleRows
  if (sampleRows <= 0) return
  const bytes = books.receipts.reduce((sum, each) => sum + each.bytes, 0)
  const rows = Number(verified.sourceRows)
  const axis = table.columns.find((column) => column.source === table.axis)
  const residualRows = books.receipts.reduce((sum, each) => sum + (each.lane === 1 ? each.rows : 0), 0)
  verified.meaning = await meaning(session, {
    place: {
      table,
      schema: bench.schema,
      columns: table.columns.filter((column) => column.generated === null),
      key: bench.key,
      axis: axis === undefined ? null : indexOrNull(bench.columns.indexOf(axis.name)),
    },
    second: bench.reader.second,
    reader: bench.reader,
    cutter: isCuttable(table)
      ? {
          range: (span) => rangeOf(table, span, timezone),
          residual: residualRange(table),
          advance: (from, count) => exactAdvance(bench, from, count),
        }
      : null,
    receipts: books.receipts,
    rows,
    sampleRows,
    rowBytes: rows === 0 || bytes === 0 ? 200 : Math.ceil(bytes / rows),
    trapRows: options.trapRows ?? 500,
    keptBack: books.keptBack,
    isUtc: timezone === 'UTC' && table.columns.every((column) => (column.rules.timezone ?? 'UTC') === 'UTC'),
    showValues: options.showValues === true,
    ...live,
    mayMove: residualRows > 0 || axis?.rules.zeroDate !== undefined,
  })
  if (verified.meaning.differences > 0) verified.equal = false
  if (verified.meaning.rows < verified.meaning.expected) {
    const { rows: seen, expected } = verified.meaning
    verified.notes.push(`the source's second reading gave ${seen} rows where ${expected} were expected`)
    verified.equal = false
  }
}

function indexOrNull(index: number): number | null {
  return index < 0 ? null : index
}
