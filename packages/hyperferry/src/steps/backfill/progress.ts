/** Totals of a table while it is copied. */
import type { PlannedTable, Receipt } from '../../model.ts'
import type { BookWatcher } from '../../work/copy-task.ts'
import type { Events } from '../../work/events.ts'

/** Counts what workers book and tells the watcher. */
export class TableProgress implements BookWatcher {
  readonly #events: Events
  readonly #table: PlannedTable
  #rows = 0
  #bytes = 0

  constructor(events: Events, table: PlannedTable, booked: readonly Receipt[]) {
    this.#events = events
    this.#table = table
    this.#sum(booked)
    const { name, estimatedRows } = table
    events.emit({ kind: 'table-start', table: name, rows: this.#rows, bytes: this.#bytes, estimatedRows })
  }

  copied(receipt: Receipt): void {
    this.#rows += receipt.rows
    this.#bytes += receipt.bytes
    this.#tell()
  }

  reread(receipts: readonly Receipt[]): void {
    this.#sum(receipts)
    this.#tell()
  }

  #sum(receipts: readonly Receipt[]): void {
    this.#rows = receipts.reduce((sum, { rows }) => sum + rows, 0)
    this.#bytes = receipts.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #tell(): void {
    const { name, estimatedRows } = this.#table
    this.#events.emit({ kind: 'table-progress', table: name, rows: this.#rows, bytes: this.#bytes, estimatedRows })
  }
}
