/** Totals of a table while it is copied. */
import type { PlannedTable, Receipt } from '../../model.ts'
import type { BookWatcher } from '../../work/copy-task.ts'
import type { Events } from '../../work/events.ts'

/** Counts what workers book and tells the watcher. */
export class TableProgress implements BookWatcher {
  readonly #events: Events
  readonly #table: PlannedTable
  #rows: number
  #bytes: number

  constructor(events: Events, table: PlannedTable, booked: { rows: number; bytes: number }) {
    this.#events = events
    this.#table = table
    this.#rows = booked.rows
    this.#bytes = booked.bytes
    const { name, estimatedRows } = table
    events.emit({ kind: 'table-start', table: name, rows: this.#rows, bytes: this.#bytes, estimatedRows })
  }

  copied(receipt: Receipt): void {
    this.#rows += receipt.rows
    this.#bytes += receipt.bytes
    this.#tell()
  }

  reread({ rows, bytes }: { rows: number; bytes: number }): void {
    this.#rows = rows
    this.#bytes = bytes
    this.#tell()
  }

  #tell(): void {
    const { name, estimatedRows } = this.#table
    this.#events.emit({ kind: 'table-progress', table: name, rows: this.#rows, bytes: this.#bytes, estimatedRows })
  }
}
