/** Completion points: which part of a table belongs to the backfill. One for each time series, decided once and read by everyone. */
import type { CompletionPoint, Json } from '../model.ts'
import type { Session } from '../target/connect.ts'

/** By source table; empty before any was decided. */
export async function completionPoints(session: Session, migrationId: number): Promise<Map<string, CompletionPoint>> {
  const { rows } = await session.query<{
    tableId: number
    source: string
    t: string
    instant: string
    position: string
    beyondInstant: string
    beyondPosition: string
    grade: CompletionPoint['grade']
    evidence: Json
    decidedAt: string
  }>(
    `select c.table_id as "tableId", t.source, to_char(c.t, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as t, c.instant::text, c.position::text,
       c.beyond_instant::text as "beyondInstant", c.beyond_position::text as "beyondPosition", c.grade, c.evidence,
       to_char(c.decided_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "decidedAt"
     from hyperferry.completion_point c join hyperferry.migrated_table t on t.id = c.table_id
     where t.migration_id = $1 order by t.id`,
    [migrationId],
  )
  return new Map(
    rows.map((row) => [
      row.source,
      {
        ...row,
        instant: BigInt(row.instant),
        position: BigInt(row.position),
        beyondInstant: BigInt(row.beyondInstant),
        beyondPosition: BigInt(row.beyondPosition),
      },
    ]),
  )
}

/**
 * Decides points, in the transaction that is open: records that are being delivered at this moment are waited for, later ones see the points. A table
 * that has receipts keeps the point it has: what was copied was copied for that one. Returns the tables (source names) that kept theirs.
 */
export async function putCompletionPoints(
  session: Session,
  migrationId: number,
  points: readonly Omit<CompletionPoint, 'decidedAt'>[],
): Promise<string[]> {
  await session.query('select from hyperferry.dual_write where migration_id = $1 for update', [migrationId])
  const kept: string[] = []
  for (const point of points) {
    const { rowCount } = await session.query(
      `insert into hyperferry.completion_point
         (table_id, t, instant, position, beyond_instant, beyond_position, grade, evidence)
       select $1, $2, $3, $4, $5, $6, $7, $8
       where not exists (select from hyperferry.receipt where table_id = $1)
       on conflict (table_id) do update set t = excluded.t, instant = excluded.instant, position = excluded.position,
         beyond_instant = excluded.beyond_instant, beyond_position = excluded.beyond_position, grade = excluded.grade,
         evidence = excluded.evidence, decided_at = clock_timestamp()`,
      [
        point.tableId,
        point.t,
        String(point.instant),
        String(point.position),
        String(point.beyondInstant),
        String(point.beyondPosition),
        point.grade,
        JSON.stringify(point.evidence),
      ],
    )
    if (rowCount === 0) kept.push(point.source)
  }
  return kept
}

/** Source tables that have receipts: they keep the point they were copied for. */
export async function tablesBegun(session: Session, migrationId: number): Promise<Set<string>> {
  const { rows } = await session.query<{ source: string }>(
    `select t.source from hyperferry.migrated_table t
     where t.migration_id = $1 and exists (select from hyperferry.receipt r where r.table_id = t.id)`,
    [migrationId],
  )
  return new Set(rows.map(({ source }) => source))
}

/** Forgets them: coverage was broken (stage off), so a new one has to be found. */
export async function dropCompletionPoints(session: Session, migrationId: number): Promise<void> {
  await session.query(
    `delete from hyperferry.completion_point c using hyperferry.migrated_table t where t.id = c.table_id and t.migration_id = $1`,
    [migrationId],
  )
}
