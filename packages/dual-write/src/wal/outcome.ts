import { JournalError } from '../errors.ts'
import type { Cell, OpRecord } from '../model.ts'
import type { Outcome } from '../journal/journal.ts'

/** The record as the primary store has it: with the values that the store gave, and only the rows that are there. Indexes count the rows of `record`. */
export function applyOutcome(record: OpRecord, outcome: Outcome): OpRecord {
  let { columns, rows } = record
  if (outcome.captured !== undefined) {
    const { column, values } = outcome.captured
    const at = columns.indexOf(column)
    rows = rows.map((row, index) => put(row, at, values[index] ?? null))
    if (at === -1) columns = [...columns, column]
  }
  if (outcome.only !== undefined) rows = outcome.only.flatMap((index) => rows.slice(index, index + 1))
  return { ...record, columns, rows }
}

/** Refuses an outcome that does not fit a record of `rows` rows, before anything depends on it. */
export function checkOutcome(outcome: Outcome, rows: number): void {
  const values = outcome.captured?.values.length ?? rows
  if (values !== rows) throw new JournalError(`${values} captured values for ${rows} rows`)
  for (const index of outcome.only ?? []) {
    if (!Number.isInteger(index) || index < 0 || index >= rows) throw new JournalError(`no row ${index} among ${rows}`)
  }
}

function put(row: Cell[], at: number, value: Cell): Cell[] {
  return at === -1 ? [...row, value] : row.with(at, value)
}
