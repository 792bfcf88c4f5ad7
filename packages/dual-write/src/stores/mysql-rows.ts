/** Rows into tables of MariaDB and MySQL, and back by their key. */
import { chunks } from './chunks.ts'
import type { Row } from './chunks.ts'
import { usableKey } from './key.ts'
import type { Key } from './key.ts'
import { isDuplicate } from './mysql-errors.ts'
import type { Run } from './mysql-session.ts'
import { wholeNumber } from './numbers.ts'
import { StoreError } from './outcome.ts'
import type { StoreBatch } from './store.ts'

/** `INSERT` of so many rows; values are parameters. */
export function insertSql(table: string, columns: readonly string[], rows: number): string {
  const one = `(${columns.map(() => '?').join(', ')})`
  return `INSERT INTO ${quote(table)} (${columns.map(quote).join(', ')}) VALUES ${Array<string>(rows).fill(one).join(', ')}`
}

export async function insertRows(
  run: Run,
  table: string,
  columns: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  for (const part of chunks(rows)) await run(insertSql(table, columns, part.length), part.flat())
}

/** Inserts, leaving out rows whose key is there already. A row that violates another unique key is an error, unlike with IGNORE. */
export async function insertMissing(run: Run, batch: StoreBatch, key: Key): Promise<void> {
  for (const part of chunks(batch.rows)) {
    if (part.length > 1 && (await inserted(run, batch, part)) === true) continue
    for (const row of part) {
      const refused = await inserted(run, batch, [row])
      if (refused !== true && !(await isThere(run, batch.table, key, row))) throw refused
    }
  }
}

/** True, or the error that says that a key is there twice; a statement that fails leaves nothing, and the transaction goes on. */
export async function inserted(
  run: Run,
  batch: Pick<StoreBatch, 'table' | 'columns'>,
  rows: readonly Row[],
): Promise<unknown> {
  try {
    await run(insertSql(batch.table, batch.columns, rows.length), rows.flat())
    return true
  } catch (error) {
    if (isDuplicate(error)) return error
    throw error
  }
}

/** Indexes of the rows whose key is in the table; null when they cannot be looked for. */
export async function findRows(run: Run, batch: StoreBatch): Promise<number[] | null> {
  const key = usableKey(batch)
  if (key === null) return null
  const present: number[] = []
  let at = 0
  for (const part of chunks(batch.rows.map((row) => key.of(row)))) {
    const one = `(${existsSql(batch.table, key)})`
    const { rows } = await run(`SELECT ${Array<string>(part.length).fill(one).join(', ')}`, part.flat())
    const found = rows[0] ?? []
    present.push(...part.flatMap((_, index) => (found[index] === null ? [] : [at + index])))
    at += part.length
  }
  return present
}

/** Inserts and says which values the server gave to the capture column. */
export async function insertCapturing(run: Run, batch: StoreBatch & { capture: string }): Promise<(number | bigint)[]> {
  if (batch.columns.includes(batch.capture)) {
    throw new StoreError('CAPTURE', `${batch.capture} is given and to be captured`, { retry: 'permanent' })
  }
  const way = batch.rows.length === 1 ? { returning: false, step: 1n } : await wayToCapture(run)
  const values: (number | bigint)[] = []
  for (const part of way === null ? batch.rows.map((row) => [row]) : chunks(batch.rows)) {
    const sql = insertSql(batch.table, batch.columns, part.length)
    const given = way?.returning
      ? (await run(`${sql} RETURNING CAST(${quote(batch.capture)} AS CHAR)`, part.flat())).rows.map(([id]) =>
          BigInt(String(id)),
        )
      : await numbered(run, sql, part, way?.step ?? 1n)
    values.push(...given.map(wholeNumber))
  }
  return values
}

/**
 * How several rows in one statement can be told apart; null where they cannot: MariaDB before 10.5 and clusters of Galera, which change the increment while
 * they run.
 */
async function wayToCapture(run: Run): Promise<{ returning: boolean; step: bigint } | null> {
  const { rows } = await run('SELECT VERSION(), @@version_comment, CAST(@@session.auto_increment_increment AS CHAR)')
  const [version, comment, step] = (rows[0] ?? []).map(String)
  const maria = /^(?:5\.5\.5-)?(\d+)\.(\d+)\..*mariadb/i.exec(version ?? '')
  if (maria === null) return /cluster|wsrep/i.test(comment ?? '') ? null : { returning: false, step: BigInt(step ?? 1) }
  return Number(maria[1]) * 100 + Number(maria[2]) >= 1005 ? { returning: true, step: 1n } : null
}

/** MySQL documents that one INSERT … VALUES without explicit numbers gets consecutive ones in every innodb_autoinc_lock_mode. */
async function numbered(run: Run, sql: string, rows: readonly Row[], step: bigint): Promise<bigint[]> {
  const { insertId } = await run(sql, rows.flat())
  // The header's number is a double; beyond 2^53 the server is asked again.
  const exact = typeof insertId === 'string' || Number.isSafeInteger(insertId)
  const first = BigInt(exact ? insertId : String((await run('SELECT CAST(LAST_INSERT_ID() AS CHAR)')).rows[0]?.[0]))
  if (first === 0n) throw new StoreError('CAPTURE', 'the table gives no AUTO_INCREMENT value', { retry: 'permanent' })
  return rows.map((_, index) => first + BigInt(index) * step)
}

/** A locking read: sees what is committed now, not the transaction's snapshot, and waits for those who have not decided. */
function existsSql(table: string, key: Key): string {
  const where = key.columns.map((column) => `${quote(column)} = ?`).join(' AND ')
  return `SELECT 1 FROM ${quote(table)} WHERE ${where} LIMIT 1 LOCK IN SHARE MODE`
}

async function isThere(run: Run, table: string, key: Key, row: Row): Promise<boolean> {
  return (await run(existsSql(table, key), key.of(row))).rows.length > 0
}

export function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** Whether a column of the key is 0 somewhere, or any column where there is no key: AUTO_INCREMENT takes that for "not given". */
export function hasZero(batch: StoreBatch): boolean {
  const places = batch.columns.flatMap((column, place) => (batch.key?.includes(column) === false ? [] : [place]))
  return batch.rows.some((row) => places.some((place) => zeros.has(row[place])))
}

const zeros = new Set<unknown>([0, 0n, '0', ''])

/** Joins batches that follow each other and go into the same columns; their order stays, since a row may need one before it. */
export function joined(batches: readonly StoreBatch[]): StoreBatch[] {
  const groups: { batch: StoreBatch; shape: string; rows: Row[] }[] = []
  for (const batch of batches) {
    const last = groups.at(-1)
    const shape = JSON.stringify([batch.table, batch.columns, batch.key])
    if (last?.shape === shape) last.rows.push(...batch.rows)
    else groups.push({ batch, shape, rows: [...batch.rows] })
  }
  return groups.map(({ batch, rows }) => ({ ...batch, rows }))
}
