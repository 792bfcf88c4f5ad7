/** From the journal to the target: in order, each record once, whatever happens in between (docs/design/0009, "Delivery"). */
import { compiledFor, grouped, targetBatch } from '../batches.ts'
import type { WriterContext } from '../context.ts'
import { encodeRecord } from '../journal/codec.ts'
import type { Delivery } from '../journal/journal.ts'
import type { Query } from '../stores/store.ts'
import { insertRows } from '../stores/pg-insert.ts'

const OPS = 500
const BYTES = 4 * 1024 * 1024

/** Delivers some records at once; when the target refuses one for good, finds it and parks it. */
export class ToTarget {
  readonly #ctx: WriterContext
  /** Records in one transaction; small while a refused one is looked for. */
  #most = OPS
  /** Up to here the small steps go on. */
  #carefulUntil = 0

  constructor(ctx: WriterContext) {
    this.#ctx = ctx
  }

  /** One turn; true when there is more. Throws what passes by itself. */
  async turn(): Promise<boolean> {
    const { journal, writerId, contracts, settings } = this.#ctx
    const { delivered, committed } = journal.progress
    if (writerId === null || contracts === null || delivered === committed) return false
    if (delivered >= this.#carefulUntil) this.#most = OPS
    let last = delivered
    let first: Delivery | undefined
    try {
      last = await settings.target.transaction(async (query) => {
        const applied = await this.#applied(query, writerId)
        const ops = await journal.deliveries(applied, this.#most, BYTES)
        first = ops[0]
        const end = ops.at(-1)?.number
        if (end === undefined) return applied
        await this.#insert(query, ops)
        await query('select hyperferry.w1_applied($1, $2, $3, $4, $5)', [
          writerId,
          journal.id,
          applied,
          end,
          JSON.stringify(this.#instants(ops)),
        ])
        return end
      })
    } catch (error) {
      if (settings.target.classify(error).retry !== 'permanent' || first === undefined) throw error
      await this.#refused(first, error)
      return true
    }
    // What another deliverer of this journal has done counts too.
    await journal.delivered(Math.max(last, journal.progress.delivered))
    return last < journal.progress.committed
  }

  async #applied(query: Query, writerId: string): Promise<number> {
    const { rows } = await query<{ applied: string | number }>('select hyperferry.w1_inbox($1, $2)::text as applied', [
      writerId,
      this.#ctx.journal.id,
    ])
    return Number(rows[0]?.applied ?? 0)
  }

  async #insert(query: Query, ops: readonly Delivery[]): Promise<void> {
    const tables = this.#ctx.contracts?.tables ?? new Map<string, never>()
    for (const { record } of grouped(ops))
      await insertRows(query, targetBatch(compiledFor(tables, record), record), 'once')
  }

  /** Instants of the rows by table: the control schema notes those that fall into the backfill's part. */
  #instants(ops: readonly Delivery[]): Record<string, string[]> {
    const tables = this.#ctx.contracts?.tables ?? new Map<string, never>()
    const all: Record<string, string[]> = {}
    for (const { record } of ops) {
      const list = (all[record.collection] ??= [])
      for (const instant of compiledFor(tables, record).instants(record)) list.push(String(instant))
    }
    return all
  }

  /** Halves the batch until one record stands alone; that one is parked, so the ones behind it go on. */
  async #refused(first: Delivery, error: unknown): Promise<void> {
    const { journal, writerId, settings } = this.#ctx
    if (this.#most > 1) {
      this.#carefulUntil = Math.max(this.#carefulUntil, first.number - 1 + this.#most)
      this.#most = Math.max(1, Math.floor(this.#most / 2))
      return
    }
    const { code } = settings.target.classify(error)
    await settings.target.transaction(async (query) => {
      const applied = await this.#applied(query, writerId ?? '')
      if (applied !== first.number - 1) return
      const op = {
        seq: first.number,
        collection: first.record.collection,
        sqlstate: code,
        reason: reasonOf(error),
        low: first.record.low === null ? null : String(first.record.low),
      }
      const text = `${JSON.stringify(op).slice(0, -1)},"record":${encodeRecord(first.record)}}`
      await query('select hyperferry.w1_park($1, $2, $3, $4)', [writerId, journal.id, applied, text])
    })
    await journal.delivered(first.number)
    settings.onEvent({ kind: 'parked', to: 'target', collection: first.record.collection, code })
  }
}

/** The server's first line; it names columns and constraints. Values stand in the record itself, which is kept beside it. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.split('\n', 1)[0] ?? ''
}
