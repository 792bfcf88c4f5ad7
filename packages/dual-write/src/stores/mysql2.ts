/** MariaDB and MySQL by way of mysql2. */
import { randomUUID } from 'node:crypto'
import type { OpId } from '../model.ts'
import { chunks } from './chunks.ts'
import { neededKey } from './key.ts'
import { idsOf, idsText, marker, Markers, numbersBelow, probes, tombstone } from './marker.ts'
import type { MarkerOptions } from './marker.ts'
import { isBlocked, isDuplicate, isUnusable, readMysqlError } from './mysql-errors.ts'
import {
  findRows,
  hasZero,
  inserted,
  insertCapturing,
  insertMissing,
  insertRows,
  insertSql,
  joined,
  quote,
} from './mysql-rows.ts'
import { inOneStatement, inTransaction } from './mysql-session.ts'
import type { Mysql2Pool, Run } from './mysql-session.ts'
import { verdictOf } from './outcome.ts'
import type { Captured, Settled, SourceStore, StoreBatch, Verdict } from './store.ts'

export { MARKER_SQL } from './marker.ts'
export type { Mysql2Command, Mysql2Connection, Mysql2Pool } from './mysql-session.ts'

/** mysql2's pool with callbacks. */
export interface Mysql2CallbackPool {
  promise(): Mysql2Pool
}

const markerColumns = ['journal', 'seq']
/** Seconds that settling waits for a transaction that holds the op's marker; then the caller tries again later. */
const settleWait = 5
/** Markers that are deleted in one statement: short transactions, short locks. */
const forgetAtOnce = 5000

/**
 * The source as mysql2 reaches it; the pool stays the application's. Rows are written with prepared statements. Where both stores get a row, the session
 * is strict for that transaction: MySQL would clamp or cut a value silently of which the target has the whole. It is put back afterwards, as is the time
 * zone; a connection that cannot be put back is closed.
 */
export function mysql2Store(pool: Mysql2Pool | Mysql2CallbackPool, options?: MarkerOptions): SourceStore {
  return new Mysql2Store(
    'getConnection' in pool && !('promise' in pool) ? pool : (pool as Mysql2CallbackPool).promise(),
    options,
  )
}

class Mysql2Store implements SourceStore {
  readonly engine = 'mysql'
  readonly #pool: Mysql2Pool
  readonly #markers: Markers

  constructor(pool: Mysql2Pool, options?: MarkerOptions) {
    this.#pool = pool
    this.#markers = new Markers(options)
  }

  async prepare(): Promise<{ markers: boolean }> {
    const { table } = this.#markers
    this.#markers.usable ||= table !== null && (await canHoldMarkers(this.#pool, table))
    return { markers: this.#markers.usable }
  }

  async write(batch: StoreBatch, op: OpId | null): Promise<Captured> {
    const marked = this.#markers.forWriting(op) ? op : null
    const portions = [...chunks(batch.rows)]
    const [only] = portions
    if (op === null && !batch.utc && batch.capture === null && portions.length === 1 && only !== undefined) {
      await inOneStatement(this.#pool, insertSql(batch.table, batch.columns, only.length), only.flat())
      return { values: null }
    }
    // What is not written twice is written as the application always wrote it.
    const needs = { utc: batch.utc, strict: op !== null, zeroIsZero: op !== null && hasZero(batch) }
    return inTransaction(this.#pool, needs, async (run) => {
      // First, so that a transaction that comes late fails here, before it has done anything.
      if (marked !== null) await run(insertSql(this.#table, markerColumns, 1), marker(marked))
      const { capture } = batch
      if (capture === null) {
        await insertRows(run, batch.table, batch.columns, batch.rows)
        return { values: null }
      }
      const values = await insertCapturing(run, { ...batch, capture })
      const note = `UPDATE ${quote(this.#table)} SET ids = ? WHERE journal = ? AND seq = ?`
      if (marked !== null) await run(note, [idsText(values), ...marker(marked)])
      return { values }
    })
  }

  async settle(batch: StoreBatch, op: OpId): Promise<Settled> {
    try {
      return this.#markers.forSettling(op) ? await this.#takeMarker(op) : await this.#look(batch)
    } catch (error) {
      // Somebody still holds it.
      if (isBlocked(error)) return { answer: 'unknown' }
      throw error
    }
  }

  async apply(ops: readonly { op: OpId; batch: StoreBatch }[]): Promise<void> {
    if (ops.length === 0) return
    const { usable } = this.#markers
    const needs = {
      strict: true,
      utc: ops.some(({ batch }) => batch.utc),
      zeroIsZero: ops.some(({ batch }) => hasZero(batch)),
    }
    await inTransaction(this.#pool, needs, async (run) => {
      const fresh = usable ? await withoutMarker(run, this.#table, ops) : ops
      for (const batch of joined(fresh.map((each) => each.batch))) {
        if (usable) await insertRows(run, batch.table, batch.columns, batch.rows)
        else await insertMissing(run, batch, neededKey(batch))
      }
    })
  }

  async forget(journal: string, seq: number): Promise<void> {
    if (!this.#markers.usable) return
    const sql = `DELETE FROM ${quote(this.#table)} WHERE journal = ? AND seq BETWEEN ? AND ? LIMIT ${forgetAtOnce}`
    const [from, to] = numbersBelow(seq)
    let deleted = forgetAtOnce
    while (deleted === forgetAtOnce) {
      deleted = await inTransaction(this.#pool, {}, async (run) => (await run(sql, [journal, from, to])).affected)
    }
  }

  async forgetOnly(journal: string, seqs: readonly number[]): Promise<void> {
    if (!this.#markers.usable || seqs.length === 0) return
    await inTransaction(this.#pool, {}, async (run) => {
      for (const part of chunks(seqs.map((seq) => [seq]))) {
        const list = part.map(() => '?').join(', ')
        await run(`DELETE FROM ${quote(this.#table)} WHERE journal = ? AND seq IN (${list})`, [journal, ...part.flat()])
      }
    })
  }

  classify(error: unknown): Verdict {
    return verdictOf(error, readMysqlError)
  }

  get #table(): string {
    return this.#markers.table ?? ''
  }

  async #takeMarker(op: OpId): Promise<Settled> {
    const insert = insertSql(this.#table, markerColumns, 1)
    try {
      await inTransaction(this.#pool, { lockWait: settleWait }, async (run) => {
        await run(insert, marker(op))
        await run(insert, tombstone(op))
      })
      return { answer: 'absent' }
    } catch (error) {
      if (!isDuplicate(error)) throw error
    }
    const select = `SELECT ids FROM ${quote(this.#table)} WHERE journal = ? AND seq = ?`
    return inTransaction(this.#pool, {}, async (run): Promise<Settled> => {
      if ((await run(select, tombstone(op))).rows.length > 0) return { answer: 'absent' }
      const [row] = (await run(select, marker(op))).rows
      if (row === undefined) return { answer: 'unknown' }
      const captured = idsOf(row[0])
      return { answer: 'present', ...(captured === undefined ? {} : { captured }) }
    })
  }

  async #look(batch: StoreBatch): Promise<Settled> {
    const needs = { utc: batch.utc, lockWait: settleWait }
    const present = await inTransaction(this.#pool, needs, (run) => findRows(run, batch))
    if (present === null) return { answer: 'unknown' }
    return present.length === 0 ? { answer: 'absent' } : { answer: 'present', present }
  }
}

/** The ops that have no marker yet; they have one now. */
async function withoutMarker<T extends { op: OpId }>(run: Run, table: string, ops: readonly T[]): Promise<T[]> {
  const target = { table, columns: markerColumns }
  const fresh: T[] = []
  let at = 0
  for (const part of chunks(ops.map(({ op }) => marker(op)))) {
    const these = ops.slice(at, at + part.length)
    at += part.length
    if ((await inserted(run, target, part)) === true) {
      fresh.push(...these)
      continue
    }
    for (const each of part.length === 1 ? [] : these) {
      if ((await inserted(run, target, [marker(each.op)])) === true) fresh.push(each)
    }
  }
  return fresh
}

/** Tries it, in a transaction that is rolled back: both kinds of marker, a duplicate, a delete, and that the rollback takes them away. */
async function canHoldMarkers(pool: Mysql2Pool, table: string): Promise<boolean> {
  const journal = randomUUID()
  const [first, last] = probes(journal)
  const target = { table, columns: markerColumns }
  const read = `SELECT CAST(seq AS CHAR) FROM ${quote(table)} WHERE journal = ? ORDER BY seq`
  const remove = `DELETE FROM ${quote(table)} WHERE journal = ?`
  const tried = new Error('rolled back on purpose')
  let holds = false
  try {
    await inTransaction(pool, { strict: true }, async (run) => {
      await run(insertSql(table, markerColumns, 2), [...first, ...last])
      await run(`UPDATE ${quote(table)} SET ids = '' WHERE journal = ?`, [journal])
      const { rows } = await run(read, [journal])
      const unique = (await inserted(run, target, [first])) !== true
      holds = unique && rows.flat().join() === `${last[1]},${first[1]}`
      throw tried
    })
  } catch (error) {
    if (isUnusable(error)) return false
    if (error !== tried) throw error
  }
  const { rows } = await inTransaction(pool, {}, async (run) => {
    const left = await run(read, [journal])
    await run(remove, [journal])
    return left
  })
  return holds && rows.length === 0
}
