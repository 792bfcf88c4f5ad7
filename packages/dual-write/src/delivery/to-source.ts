/** From the target's outbox to the source, while the target is primary: any writer delivers any record, each exactly once. */
import { compiledFor, sourceBatch } from '../batches.ts'
import type { WriterContext } from '../context.ts'
import { decodeRecord } from '../journal/codec.ts'
import type { OpRecord } from '../model.ts'
import { reasonOf } from './to-target.ts'

const OPS = 200

export class ToSource {
  readonly #ctx: WriterContext
  #most = OPS

  constructor(ctx: WriterContext) {
    this.#ctx = ctx
  }

  /** One turn; true when there was something. Throws what passes by itself. */
  async turn(): Promise<boolean> {
    const { roles, writerId, contracts, settings } = this.#ctx
    if (writerId === null || contracts === null || roles.state?.primary !== 'target') return false
    const { outboxJournal } = roles.state
    let ids: number[] = []
    try {
      // Our locks on these records last until the source has them: nobody else delivers them meanwhile, and a dead writer's locks end with it.
      await settings.target.transaction(async (query) => {
        const { rows } = await query<{ id: string; record: unknown }>(
          'select id::text as id, record::text as record from hyperferry.w1_outbox_take($1, $2)',
          [writerId, this.#most],
        )
        ids = rows.map(({ id }) => Number(id))
        if (ids.length === 0) return
        const ops = rows.map(({ id, record }) => ({ seq: Number(id), record: decodeRecord(String(record)) }))
        await this.#apply(outboxJournal, ops)
        await query('select hyperferry.w1_outbox_done($1, $2)', [writerId, ids])
      })
    } catch (error) {
      if (!(error instanceof SourceRefused)) throw error
      if (error.verdict.retry === 'transient') throw error.cause
      await this.#refused(ids, error)
      return true
    }
    this.#most = Math.min(OPS, this.#most * 2)
    // Deleted in the target, so they never come again, and their markers have served.
    if (ids.length > 0 && this.#ctx.markers) await settings.source.forgetOnly?.(outboxJournal, ids)
    return ids.length > 0
  }

  async #apply(journal: string, ops: readonly { seq: number; record: OpRecord }[]): Promise<void> {
    const { contracts, settings } = this.#ctx
    const tables = contracts?.tables ?? new Map<string, never>()
    try {
      await settings.source.apply(
        ops.map(({ seq, record }) => ({
          op: { journal, seq },
          batch: { ...sourceBatch(compiledFor(tables, record), record), capture: null },
        })),
      )
    } catch (error) {
      throw new SourceRefused(error, settings.source.classify(error))
    }
  }

  async #refused(ids: readonly number[], { cause, verdict }: SourceRefused): Promise<void> {
    const { writerId, settings } = this.#ctx
    const [id] = ids
    if (ids.length > 1 || id === undefined) {
      this.#most = Math.max(1, Math.floor(ids.length / 2))
      return
    }
    this.#most = 1
    let collection = ''
    await settings.target.transaction(async (query) => {
      const { rows } = await query<{ id: string; record: string }>(
        'select id::text as id, record::text as record from hyperferry.w1_outbox_take($1, 1)',
        [writerId],
      )
      const row = rows[0]
      if (row === undefined || Number(row.id) !== id) return
      const record = decodeRecord(row.record)
      ;({ collection } = record)
      const op = {
        collection,
        sqlstate: verdict.code,
        reason: reasonOf(cause),
        low: record.low === null ? null : String(record.low),
      }
      await query('select hyperferry.w1_outbox_park($1, $2, $3)', [writerId, id, JSON.stringify(op)])
    })
    if (collection !== '') settings.onEvent({ kind: 'parked', to: 'source', collection, code: verdict.code })
  }
}

/** Tells the source's errors from the target's: both happen in one transaction of the target. */
class SourceRefused extends Error {
  override readonly cause: unknown
  readonly verdict: { retry: 'transient' | 'permanent'; code: string | null }

  constructor(cause: unknown, verdict: { retry: 'transient' | 'permanent'; code: string | null }) {
    super('the source refused')
    this.cause = cause
    this.verdict = verdict
  }
}
