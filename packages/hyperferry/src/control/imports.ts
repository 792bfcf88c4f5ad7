/** The books of command `copy`: which bytes of which file are in the table. See docs/design/0011. */
import { HyperferryError } from '../errors.ts'
import type { Json } from '../model.ts'
import type { Session } from '../target/connect.ts'

/** Half-open range of bytes of the file, after decompression. */
export interface Bytes {
  from: number
  to: number
}

export interface ImportRow {
  id: number
  schema: string
  table: string
  file: string
  identity: Json
  reading: Json
  finished: boolean
}

export interface NewImport {
  name: string
  /** Whether the name was given by a person. */
  named: boolean
  schema: string
  table: string
  file: string
  identity: Json
  reading: Json
}

/** The name of the lock under which one tool at a time works on an import. */
export function importLock(name: string): string {
  return `import ${name}`
}

/** The import of this name; null when it never began. */
export async function findImport(session: Session, name: string): Promise<ImportRow | null> {
  const { rows } = await session.query<ImportRow>(
    `select id, target_schema as schema, target as table, file, identity, reading, finished_at is not null as finished
     from hyperferry.import where name = $1`,
    [name],
  )
  return rows[0] ?? null
}

/** Begins an import; null when another tool began one of this name first. */
export async function beginImport(session: Session, row: NewImport): Promise<number | null> {
  const { rows } = await session.query<{ id: number }>(
    `insert into hyperferry.import (name, named, target_schema, target, file, identity, reading, tool)
     values ($1, $2, $3, $4, $5, $6, $7, 'hyperferry') on conflict (name) do nothing returning id`,
    [row.name, row.named, row.schema, row.table, row.file, json(row.identity), json(row.reading)],
  )
  return rows[0]?.id ?? null
}

/** Says that nothing of the file is left. An import without a name of its own is forgotten, unless rows of it wait to be looked at. */
export async function finishImport(session: Session, id: number): Promise<void> {
  await session.query(
    'update hyperferry.import set finished_at = clock_timestamp() where id = $1 and finished_at is null',
    [id],
  )
  await session.query(
    `delete from hyperferry.import i where id = $1 and not named
       and not exists (select from hyperferry.import_row r where r.import_id = i.id)`,
    [id],
  )
}

/** Forgets an import without a name of its own that has loaded nothing. Says whether it did. */
export async function forgetEmptyImport(session: Session, id: number): Promise<boolean> {
  const { rowCount } = await session.query(
    `delete from hyperferry.import i where id = $1 and not named
       and not exists (select from hyperferry.import_range r where r.import_id = i.id)`,
    [id],
  )
  return rowCount === 1
}

/**
 * Inserts a range; must be the first statement of its transaction. Waits for an unfinished one that overlaps; when that one commits throws HF-B011,
 * before a row was copied. Without `completeRange` the transaction cannot be committed.
 */
export async function insertRange(session: Session, importId: number, { from, to }: Bytes): Promise<string> {
  try {
    const { rows } = await session.query<{ id: string }>(
      'insert into hyperferry.import_range (import_id, span) values ($1, int8range($2, $3)) returning id::text',
      [importId, from, to],
    )
    return rows[0]?.id ?? ''
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.sqlstate !== '23P01') throw error
    const what = `bytes ${from} to ${to} of the file are loaded already, in part or whole`
    throw new HyperferryError('HF-B011', { what, sqlstate: '23P01', cause: error })
  }
}

export interface RangeResult {
  rows: number
  skipped: number
  refused: number
  checksum: number
}

export async function completeRange(session: Session, id: string, done: RangeResult): Promise<void> {
  await session.query(
    `update hyperferry.import_range set completed = true, rows = $2, skipped = $3, refused = $4, checksum = $5,
       finished_at = clock_timestamp() where id = $1`,
    [id, done.rows, done.skipped, done.refused, done.checksum],
  )
}

/** The parts of `within` that no range covers, in order. */
export async function bytesLeft(session: Session, importId: number, within: Bytes): Promise<Bytes[]> {
  const { rows } = await session.query<{ from: string; to: string }>(
    `select lower(gap)::text as from, upper(gap)::text as to
     from unnest(int8multirange(int8range($2, $3)) - coalesce(
       (select range_agg(span) from hyperferry.import_range where import_id = $1), '{}'::int8multirange)) as gap order by gap`,
    [importId, within.from, within.to],
  )
  return rows.map(({ from, to }) => ({ from: Number(from), to: Number(to) }))
}

/** A range that is done: rows of the file in it, whatever became of them, and the CRC-32 of its bytes. */
export interface DoneBytes extends Bytes {
  rows: number
  checksum: number
}

/** In order. */
export async function bytesDone(session: Session, importId: number): Promise<DoneBytes[]> {
  const { rows } = await session.query<Record<keyof DoneBytes, string>>(
    `select lower(span)::text as from, upper(span)::text as to, (rows + skipped + refused)::text as rows, checksum::text from hyperferry.import_range
     where import_id = $1 order by span`,
    [importId],
  )
  return rows.map((row) => ({
    from: Number(row.from),
    to: Number(row.to),
    rows: Number(row.rows),
    checksum: Number(row.checksum),
  }))
}

export interface ImportTotals {
  rows: number
  skipped: number
  refused: number
  bytes: number
}

export async function importTotals(session: Session, importId: number): Promise<ImportTotals> {
  const { rows } = await session.query<Record<keyof ImportTotals, string>>(
    `select coalesce(sum(rows), 0)::text as rows, coalesce(sum(skipped), 0)::text as skipped,
       coalesce(sum(refused), 0)::text as refused, coalesce(sum(upper(span) - lower(span)), 0)::text as bytes
     from hyperferry.import_range where import_id = $1`,
    [importId],
  )
  const [sums] = rows
  return {
    rows: Number(sums?.rows ?? 0),
    skipped: Number(sums?.skipped ?? 0),
    refused: Number(sums?.refused ?? 0),
    bytes: Number(sums?.bytes ?? 0),
  }
}

function json(value: Json): string | null {
  return value === null ? null : JSON.stringify(value)
}
