/** Rows that the target refused, looked for in the range of the source that they came from. */
import { dualState, isLive } from '../../control/dual-write.ts'
import { totals } from '../../control/ledger.ts'
import type { KeptRow } from '../../control/settle-quarantine.ts'
import type { Session } from '../../target/connect.ts'
import { ident } from '../../target/sql.ts'
import { transaction } from '../../target/transaction.ts'
import { withSession } from '../../target/with-session.ts'
import { rowHash } from '../../values/digest.ts'
import { fieldText, tupleFields } from '../../values/field-text.ts'
import { plain } from '../../values/same-text.ts'
import { equalKeys, equalRows, timeWindow } from '../../work/row-conditions.ts'
import { makeStage } from '../../work/stage.ts'
import type { TableWork } from '../../work/table-work.ts'
import { sliceOf } from '../../work/tasks.ts'
import { batchOf } from '../../work/tuples.ts'
import type { StepContext } from '../context.ts'
import type { Now, ReadAgain } from './now.ts'

interface Candidate {
  hash: string
  key: string | null
  tuple: Uint8Array
}

/**
 * `rows` are of one receipt. A row that is as it was is known by its hash, one that was changed by its key. A row of the source that is in the target already
 * is somebody else's, and stands for none of them: of two rows with one key the first is there, and the second is the one in quarantine.
 */
export async function findSent(ctx: StepContext, work: TableWork, rows: readonly KeptRow[]): Promise<ReadAgain[]> {
  const candidates = await candidatesOf(work, rows)
  const taken = await withSession(ctx.target, (session) => inTarget(session, work, candidates))
  const left = candidates.filter((_, index) => !taken.has(index))
  const takeOut = (is: (one: Candidate) => boolean): Candidate | null => {
    const index = left.findIndex(is)
    return index < 0 ? null : (left.splice(index, 1)[0] ?? null)
  }
  // Unchanged ones first, so that none is taken for a changed one.
  const same = rows.map((row) => takeOut(({ hash }) => hash === row.hash))
  const found = rows.map((row, index) => {
    const key = keyOfKept(work, row)
    return same[index] ?? (key === null ? null : takeOut((one) => one.key === key))
  })
  const missing = found.filter((one) => one === null).length
  const absent = missing > 0 && (await isGone(ctx, work, missing)) ? GONE : lost(work)
  return rows.map((row, index) => {
    const one = found[index] ?? null
    return { row, now: one === null ? absent : { kind: 'row', tuple: one.tuple, losses: [] } }
  })
}

const GONE: Now = { kind: 'gone' }

/** A row that has moved is still counted. While the application writes, a count says nothing. */
async function isGone(ctx: StepContext, { reader, tableId }: TableWork, missing: number): Promise<boolean> {
  const counted = await reader.count({ kind: 'all' })
  return withSession(ctx.target, async (session) => {
    if (isLive(await dualState(session, ctx.migrationId))) return false
    const { rows, quarantined } = await totals(session, tableId)
    return counted + BigInt(missing) <= rows + quarantined
  })
}

function lost({ table }: TableWork): Now {
  const reason = `${table.source}: it is not where it was; the source has changed it or has it no more`
  return { kind: 'unknown', code: 'HF-Q005', reason }
}

async function candidatesOf(work: TableWork, rows: readonly KeptRow[]): Promise<Candidate[]> {
  const [first] = rows
  if (first === undefined) return []
  const hashes = new Set(rows.map(({ hash }) => hash))
  const keys = new Set(rows.map((row) => keyOfKept(work, row)).filter((key) => key !== null))
  const found: Candidate[] = []
  for await (const { bytes, ends } of work.reader.read(sliceOf(work.table, first))) {
    let start = 0
    for (const end of ends) {
      const hash = rowHash(work.normaliser, bytes, start, end)
      const key = keys.size === 0 ? null : keyOfTuple(work, bytes, start)
      if (hashes.has(hash) || (key !== null && keys.has(key))) found.push({ hash, key, tuple: bytes.slice(start, end) })
      start = end
    }
  }
  return found
}

/** Indexes of candidates that are in the target, equal in every column; of several equal ones as many as there are rows. */
async function inTarget(session: Session, work: TableWork, candidates: readonly Candidate[]): Promise<Set<number>> {
  const copied = new Set(work.columns.map(({ name }) => name))
  const key = work.table.keys.find(({ columns }) => columns.every((name) => copied.has(name)))
  if (key === undefined || candidates.length === 0) return new Set()
  return transaction(session, async () => {
    const stage = await makeStage(session, work)
    // What the target cannot read is not there either.
    await stage.fill(batchOf(candidates.map(({ tuple }) => tuple)), 0, async () => {})
    await stage.ready()
    const match = `${equalKeys(key.columns)}${await timeWindow(session, work, stage)}`
    const { rows } = await session.query<{ row: string }>(
      `select pg_catalog.min(s.${stage.row})::pg_catalog.text as row from ${stage.name} as s join ${work.target} as t on ${match}
       where ${equalRows(work)} group by ${key.columns.map((name) => `t.${ident(name)}`).join(', ')}`,
    )
    await stage.drop()
    return new Set(rows.map(({ row }) => Number(row)))
  })
}

/** Texts of the primary key's columns; null without one. */
function keyOfKept({ table }: TableWork, { values }: KeptRow): string | null {
  const primary = table.keys.find(({ primary: is }) => is)?.columns ?? []
  if (primary.length === 0) return null
  return named(primary.map((name) => values[table.columns.find((one) => one.name === name)?.source ?? ''] ?? null))
}

function keyOfTuple({ table, columns, types }: TableWork, bytes: Uint8Array, start: number): string | null {
  const primary = table.keys.find(({ primary: is }) => is)?.columns ?? []
  const fields = tupleFields(bytes, start)
  return named(
    primary.map((name) => {
      const place = columns.findIndex((one) => one.name === name)
      const type = types[place]
      return type === undefined ? null : fieldText(type, fields[place] ?? null)
    }),
  )
}

/** PostgreSQL prints `t`, and instants without zeros at their end. */
function named(texts: readonly (string | null)[]): string | null {
  if (texts.some((text) => text === null)) return null
  return JSON.stringify(texts.map((text) => plain(text === 't' ? 'true' : text === 'f' ? 'false' : (text ?? ''))))
}
