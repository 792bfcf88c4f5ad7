/** The slow and exact way into a table, taken when one COPY failed on a row: every row ends up in the target or in quarantine. */
import type { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { PlannedKey, RejectedRow } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { ident, identList } from '../target/sql.ts'
import { CopyParser } from '../values/copy-stream.ts'
import { Digest, digestBatch, rowHash } from '../values/digest.ts'
import { bisect } from './bisect.ts'
import { describeTuple } from './describe-tuple.ts'
import { equalRows, equalKeys, keyNotNull, timeWindow } from './row-conditions.ts'
import type { SliceRows } from './read-slice.ts'
import { makeStage } from './stage.ts'
import type { Stage } from './stage.ts'
import type { TableWork } from './table-work.ts'
import { unnumbered, withoutRows } from './tuples.ts'
import type { Written } from './write-rows.ts'
import { rowsDropped } from './write-rows.ts'

/**
 * Rows go to a stage first. There, a row whose key an earlier row of the same task has is refused (the source holds two rows, the target's key
 * allows one: `HF-D020`, never a silent drop); a row whose key is in the target already counts as copied if the row there is equal in every
 * column (`HF-L020`), else it is refused; the rest is inserted, and whatever breaks another rule of the table is found by bisection (`HF-D021`).
 * Works in the transaction that is open. `keep` puts refused rows in quarantine, some at a time, in the same transaction.
 */
// eslint-disable-next-line max-params -- where, what, the rows, and a place for those that stay out
export async function writeCarefully(session: Session, work: TableWork, read: SliceRows, keep: Keep): Promise<Written> {
  const { job, total } = await stageRows(session, work, read, keep)
  const { refused } = job
  failpoint('backfill.after-stage')
  await refuseRepeatedKeys(job)
  let merged = await mergePresent(job)
  merged += await mergeOvertaken(job, await insertRest(job, total))
  await job.stage.drop()
  return {
    rows: total - refused.size,
    digest: await digestWithout(work, read, refused),
    refused: refused.size,
    losses: merged === 0 ? [] : [{ code: 'HF-L020', column: '*', count: merged }],
  }
}

/** Puts the rows into a stage of their own; those whose bytes the target cannot read are refused. `total`: rows of the spool. */
// eslint-disable-next-line max-params -- as above
export async function stageRows(
  session: Session,
  work: TableWork,
  read: SliceRows,
  keep: Keep,
): Promise<{ job: Job; total: number }> {
  const copied = new Set(work.columns.map(({ name }) => name))
  const job: Job = {
    session,
    work,
    stage: await makeStage(session, work),
    // The stage has no generated columns; a key over one is left to the insert.
    keys: work.table.keys.filter(({ columns }) => columns.every((name) => copied.has(name))),
    rowsAtOnce: Math.max(
      1,
      Math.min(MOST_ROWS_AT_ONCE, Math.floor((BYTES_AT_ONCE * read.spool.rows) / (read.spool.bytes + 1))),
    ),
    refused: new Set<number>(),
    keep: noted(keep, read),
  }
  const total = await fillStage(job, read)
  await job.stage.ready()
  return { job, total }
}

/** What reaches the target went through the rules of the plan: whoever reads the quarantine must know when the source holds something else. */
function noted(keep: Keep, { spool }: SliceRows): Keep {
  if (spool.losses.length === 0) return keep
  const note = ' (key and values as sent, after the rules of the plan)'
  return (rows) => keep(rows.map((row) => ({ ...row, reason: `${row.reason}${note}` })))
}

/** Takes rows the target refused. */
export type Keep = (rows: readonly RejectedRow[]) => Promise<void>

/** Rows of one table on their way through the stage. */
export interface Job {
  session: Session
  work: TableWork
  stage: Stage
  keys: readonly PlannedKey[]
  /** Refused rows that are fetched together. */
  rowsAtOnce: number
  /** Numbers of the rows in the spool. */
  refused: Set<number>
  keep: Keep
}

/** Returns the number of rows of the spool. */
async function fillStage({ stage, work, refused, keep }: Job, read: SliceRows): Promise<number> {
  let first = 0
  for await (const batch of read.spool.batches()) {
    const base = first
    await stage.fill(batch, base, async (index, error) => {
      const start = index === 0 ? 0 : (batch.ends[index - 1] ?? 0)
      const texts = describeTuple(work.types, batch.bytes, start, batch.ends[index] ?? start)
      refused.add(base + index)
      const hash = rowHash(work.normaliser, batch.bytes, start, batch.ends[index] ?? start)
      await keep([rejectedRow(work, texts, { code: 'HF-D021', error, hash })])
    })
    first += batch.rows
  }
  return first
}

/** Of rows with the same key the first one stays in the stage. */
export async function refuseRepeatedKeys(job: Job): Promise<void> {
  const { session, keys, stage } = job
  for (const key of keys) {
    const { rows } = await session.query<{ row: string }>(
      `select row::pg_catalog.text from (select ${stage.row} as row, pg_catalog.row_number() over (partition by ${identList(key.columns)} order by ${stage.row}) as nth
         from ${stage.name} where ${keyNotNull(key.columns)}) as numbered where nth > 1`,
    )
    const reason = `another row of this table has the same ${key.columns.join(', ')} (key ${key.name})`
    await refuse(job, rows, { code: 'HF-D020', reason, sqlstate: '23505' })
  }
}

/** Returns how many rows were found in the target, equal. */
async function mergePresent(job: Job): Promise<number> {
  const { session, work, stage, keys } = job
  let merged = 0
  for (const key of keys) {
    const match = `${equalKeys(key.columns)}${await timeWindow(session, work, stage)}`
    // A row may come between the two statements: if it is equal it is left to the insert, which will find it.
    const equal = await session.query(
      `delete from ${stage.name} as s using ${work.target} as t where ${match} and ${equalRows(work)}`,
    )
    merged += equal.rowCount ?? 0
    const { rows } = await session.query<{ row: string }>(
      `select distinct s.${stage.row}::pg_catalog.text as row from ${stage.name} as s join ${work.target} as t on ${match}
         where not (${equalRows(work)})`,
    )
    const reason = `the target holds a different row with the same ${key.columns.join(', ')} (key ${key.name})`
    await refuse(job, rows, { code: 'HF-D020', reason, sqlstate: '23505' })
  }
  return merged
}

/** Returns the rows whose key somebody has inserted since it was looked for: beside live writers that happens. They stay in the stage. */
async function insertRest(job: Job, total: number): Promise<number[]> {
  const { session, work, stage } = job
  const columns = identList(work.columns.map((column) => column.name))
  const left = await session.query<{ rows: string }>(
    `select pg_catalog.count(*)::pg_catalog.text as rows from ${stage.name}`,
  )
  let failed = 0
  let inserted = 0
  const overtaken: number[] = []
  await bisect(session, 0, total, {
    async attempt(from, to) {
      const result = await session.query(
        `insert into ${work.target} (${columns}) select ${columns} from ${stage.name}
          where ${stage.row} >= $1::pg_catalog.int8 and ${stage.row} < $2::pg_catalog.int8 order by ${stage.row}`,
        [from, to],
      )
      inserted += result.rowCount ?? 0
    },
    async refuse(row, error) {
      failed += 1
      if (error.sqlstate === '23505') overtaken.push(row)
      else await refuse(job, [{ row: String(row) }], { code: 'HF-D021', error })
    },
  })
  const expected = Number(left.rows[0]?.rows) - failed
  if (inserted !== expected) throw rowsDropped(work, expected, inserted)
  return overtaken
}

/** Rows that lost a race are compared with the winner, which is visible to every statement from now on. What no key of the plan explains is refused. */
async function mergeOvertaken(job: Job, overtaken: readonly number[]): Promise<number> {
  if (overtaken.length === 0) return 0
  const { session, stage } = job
  await session.query(`delete from ${stage.name} where ${stage.row} <> all ($1::pg_catalog.int8[])`, [overtaken])
  const merged = await mergePresent(job)
  const { rows } = await session.query<{ row: string }>(
    `select ${stage.row}::pg_catalog.text as row from ${stage.name}`,
  )
  await refuse(job, rows, {
    code: 'HF-D020',
    reason: 'the target holds another row with the same key',
    sqlstate: '23505',
  })
  return merged
}

interface Why {
  code: string
  reason?: string
  sqlstate?: string
  error?: HyperferryError
  /** Of the row as it was sent. */
  hash?: string | null
}

const MOST_ROWS_AT_ONCE = 1000
/** As they are sent; as text they may be several times that. */
const BYTES_AT_ONCE = 8 * 1024 * 1024

/** Takes rows out of the stage and notes them with their values as the target prints them. */
export async function refuse(job: Job, rows: readonly { row: string }[], why: Why): Promise<void> {
  const { session, work, stage } = job
  const texts = work.columns.map((column, index) => `${ident(column.name)}::pg_catalog.text as "c${index}"`)
  for (let at = 0; at < rows.length; at += job.rowsAtOnce) {
    const numbers = rows.slice(at, at + job.rowsAtOnce).map(({ row }) => row)
    const hashes = await stagedHashes(job, numbers)
    const taken = await session.query<Record<string, string | null>>(
      `delete from ${stage.name} where ${stage.row} = any($1::pg_catalog.int8[]) returning ${[`${stage.row}::pg_catalog.text as row`, ...texts].join(', ')}`,
      [numbers],
    )
    const rejected = taken.rows.map((each) => {
      job.refused.add(Number(each['row']))
      const values = work.columns.map((_column, index) => each[`c${index}`] ?? null)
      return rejectedRow(work, values, { ...why, hash: hashes.get(each['row'] ?? '') ?? null })
    })
    await job.keep(rejected)
  }
}

/** By the row's number. The server gives back what was sent, or verify could not compare it either. */
async function stagedHashes({ session, work, stage }: Job, numbers: readonly string[]): Promise<Map<string, string>> {
  const hashes = new Map<string, string>()
  const parser = new CopyParser()
  const columns = [stage.row, ...work.columns.map(({ name }) => ident(name))].join(', ')
  const wanted = numbers.map((number) => BigInt(number).toString()).join(', ')
  const sql = `copy (select ${columns} from ${stage.name} where ${stage.row} = any (array[${wanted}]::pg_catalog.int8[])) to stdout (format binary)`
  await session.copyOut(sql, (chunk) =>
    parser.push(chunk, (bytes, ends) => {
      let start = 0
      for (const end of ends) {
        const { number, tuple } = unnumbered(bytes, start, end)
        hashes.set(String(number), rowHash(work.normaliser, tuple, 0, tuple.byteLength))
        start = end
      }
    }),
  )
  parser.end()
  return hashes
}

function rejectedRow(work: TableWork, texts: readonly (string | null)[], why: Why): RejectedRow {
  const all = work.columns.map((column, index) => ({ column, text: texts[index] ?? null }))
  const primary = work.table.keys.find((key) => key.primary)?.columns ?? []
  const key = primary.length === 0 ? all : all.filter(({ column }) => primary.includes(column.name))
  const asRecord = (list: typeof all): Record<string, string | null> =>
    Object.fromEntries(list.map(({ column, text }) => [column.source, text]))
  const column = why.error?.details['column']
  return {
    code: why.code,
    column: typeof column === 'string' ? (work.columns.find(({ name }) => name === column)?.source ?? null) : null,
    reason: why.reason ?? why.error?.message ?? 'refused by the target',
    sqlstate: why.sqlstate ?? why.error?.sqlstate ?? null,
    key: asRecord(key),
    values: asRecord(all),
    hash: why.hash ?? null,
  }
}

/** Digest of the rows that were not refused. */
export async function digestWithout(work: TableWork, read: SliceRows, refused: ReadonlySet<number>): Promise<string> {
  if (refused.size === 0) return read.digest.toString()
  const digest = new Digest()
  let first = 0
  for await (const batch of read.spool.batches()) {
    const kept = withoutRows(batch, first, refused)
    digestBatch(digest, work.normaliser, kept.bytes, kept.ends)
    first += batch.rows
  }
  return digest.toString()
}
