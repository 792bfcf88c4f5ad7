/** MySQL and MariaDB through a pool of mysql2/promise. */
import type { OpId } from '../model.ts'
import { chunks } from './chunks.ts'
import { neededKey, usableKey } from './key.ts'
import type { Key } from './key.ts'
import { idsOf, idsText, marker, Markers, numbersBelow, tombstone } from './marker.ts'
import type { MarkerOptions } from './marker.ts'
import { Session, readMysql } from './mysql-session.ts'
import type { Mysql2Pool } from './mysql-session.ts'
import { noteOutcome, verdictOf } from './outcome.ts'
import type { Captured, Settled, SourceStore, StoreBatch } from './store.ts'

export { MARKER_SQL } from './marker.ts'
export type { Mysql2Pool } from './mysql-session.ts'

/** A source store over a pool of `mysql2/promise`. Each write is a transaction of its own on a connection of the pool, which is given back as it was. */
export function mysql2Store(pool: Mysql2Pool, options: MarkerOptions = {}): SourceStore {
  return new Mysql2Store(pool, options)
}

const DUPLICATE = 1062

class Mysql2Store implements SourceStore {
  readonly engine = 'mysql'
  readonly #pool: Mysql2Pool
  readonly #markers: Markers

  constructor(pool: Mysql2Pool, options: MarkerOptions) {
    this.#pool = pool
    this.#markers = new Markers(options)
  }

  async prepare(): Promise<{ markers: boolean }> {
    const { table } = this.#markers
    if (table !== null && !this.#markers.usable) {
      this.#markers.usable = await this.#with((session) =>
        session.rows(`SELECT ids FROM ${ident(table)} WHERE journal = '' AND seq = 0`).then(
          () => true,
          // No such table, no such column or no right to read it: all of them may change later.
          (error: unknown) => {
            if ([1146, 1142, 1054].includes(Number((error as { errno?: number }).errno))) return false
            throw error
          },
        ),
      )
    }
    return { markers: this.#markers.usable }
  }

  async write(batch: StoreBatch, op: OpId | null): Promise<Captured> {
    const marked = this.#markers.forWriting(op) ? op : null
    return this.#transaction(batch.utc, async (session) => {
      if (marked !== null) await session.run(this.#insertMarker(), marker(marked))
      const values = await this.#insert(session, batch)
      if (marked !== null && values !== null) {
        await session.run(`UPDATE ${this.#table()} SET ids = ? WHERE journal = ? AND seq = ?`, [
          idsText(values),
          ...marker(marked),
        ])
      }
      return { values }
    })
  }

  async settle(batch: StoreBatch, op: OpId): Promise<Settled> {
    if (!this.#markers.forSettling(op)) return this.#settleByKey(batch)
    const found = await this.#transaction<Settled | null>(false, async (session) => {
      if (!(await this.#take(session, op))) return null
      await session.run(this.#insertMarker(), tombstone(op))
      return { answer: 'absent' }
    })
    if (found !== null) return found
    return this.#with(async (session) => {
      const look = `SELECT ids FROM ${this.#table()} WHERE journal = ? AND seq = ?`
      if ((await session.rows(look, tombstone(op))).length > 0) return { answer: 'absent' }
      const [row] = await session.rows(look, marker(op))
      if (row === undefined) return { answer: 'unknown' }
      const captured = idsOf(row['ids'])
      return { answer: 'present', ...(captured === undefined ? {} : { captured }) }
    })
  }

  async apply(ops: readonly { op: OpId; batch: StoreBatch }[]): Promise<void> {
    if (ops.length === 0) return
    const utc = ops.some(({ batch }) => batch.utc)
    await this.#transaction(utc, async (session) => {
      for (const { op, batch } of ops) {
        if (!this.#markers.usable) await this.#insert(session, await this.#absentRows(session, batch))
        else if (await this.#take(session, op)) await this.#insert(session, { ...batch, capture: null })
      }
    })
  }

  async forget(journal: string, seq: number): Promise<void> {
    if (!this.#markers.usable) return
    await this.#with(async (session) => {
      const sql = `DELETE FROM ${this.#table()} WHERE journal = ? AND seq BETWEEN ? AND ? LIMIT ${FORGOTTEN_AT_ONCE}`
      while ((await session.run(sql, [journal, ...numbersBelow(seq)])).affectedRows === FORGOTTEN_AT_ONCE);
    })
  }

  async forgetOnly(journal: string, seqs: readonly number[]): Promise<void> {
    if (!this.#markers.usable || seqs.length === 0) return
    const list = seqs.map((seq) => Math.trunc(seq)).join(', ')
    await this.#with((session) =>
      session.run(`DELETE FROM ${this.#table()} WHERE journal = ? AND seq IN (${list})`, [journal]),
    )
  }

  classify = (error: unknown) => verdictOf(error, readMysql)

  /** Takes the marker of an op; false when it is there. A marker that a running transaction holds is waited for. */
  async #take(session: Session, op: OpId): Promise<boolean> {
    try {
      await session.run(this.#insertMarker(), marker(op))
      return true
    } catch (error) {
      if ((error as { errno?: number }).errno === DUPLICATE) return false
      throw error
    }
  }

  /** One row after the other where the ids are asked for: only then is it certain which row got which. */
  async #insert(session: Session, { table, columns, rows, capture }: StoreBatch): Promise<number[] | null> {
    const insert = `INSERT INTO ${ident(table)} (${columns.map(ident).join(', ')}) VALUES `
    const one = `(${columns.map(() => '?').join(', ')})`
    if (capture === null) {
      for (const part of chunks(rows)) await session.run(insert + part.map(() => one).join(', '), part.flat())
      return null
    }
    const ids: number[] = []
    for (const row of rows) ids.push((await session.run(insert + one, row)).insertId)
    return ids
  }

  async #settleByKey(batch: StoreBatch): Promise<Settled> {
    const key = usableKey(batch)
    if (key === null) return { answer: 'unknown' }
    const present = await this.#with((session) => presentRows(session, batch, key))
    return present.length === 0 ? { answer: 'absent' } : { answer: 'present', present }
  }

  async #absentRows(session: Session, batch: StoreBatch): Promise<StoreBatch> {
    const there = new Set(await presentRows(session, batch, neededKey(batch)))
    return { ...batch, capture: null, rows: batch.rows.filter((_, index) => !there.has(index)) }
  }

  #table(): string {
    return ident(this.#markers.table ?? '')
  }

  #insertMarker(): string {
    return `INSERT INTO ${this.#table()} (journal, seq) VALUES (?, ?)`
  }

  async #with<T>(use: (session: Session) => Promise<T>): Promise<T> {
    const session = await Session.of(this.#pool)
    try {
      return await use(session)
    } finally {
      await session.release()
    }
  }

  /** Everything before COMMIT was sent is undone for certain: the server rolls back when a connection ends. */
  async #transaction<T>(utc: boolean, use: (session: Session) => Promise<T>): Promise<T> {
    let session: Session
    try {
      session = await Session.of(this.#pool)
    } catch (error) {
      throw noteOutcome(error, 'definite')
    }
    try {
      await session.begin(utc)
      const result = await use(session).catch((error: unknown) => {
        throw noteOutcome(error, 'definite')
      })
      await session.commit()
      return result
    } catch (error) {
      await session.rollback()
      throw error
    } finally {
      await session.release()
    }
  }
}

const FORGOTTEN_AT_ONCE = 5000

async function presentRows(session: Session, { table, rows }: StoreBatch, key: Key): Promise<number[]> {
  const where = key.columns.map((column) => `${ident(column)} = ?`).join(' AND ')
  const present: number[] = []
  for (const [index, row] of rows.entries()) {
    const found = await session.rows(`SELECT 1 FROM ${ident(table)} WHERE ${where} LIMIT 1`, key.of(row))
    if (found.length > 0) present.push(index)
  }
  return present
}

function ident(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
