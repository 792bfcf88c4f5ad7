/** Sequences behind identity columns, set so that the next value is free. */
import type { PlannedTable, SourceTable } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { ident, literal, qualified } from '../target/sql.ts'

/**
 * Moves the sequence of each identity column to the larger of the source's next value and the largest value + 1; never backwards, so doing it
 * again changes nothing. Returns the columns whose sequence was moved.
 */
export async function setSequences(
  session: Session,
  schema: string,
  table: PlannedTable,
  source: Pick<SourceTable, 'nextAutoIncrement'> | undefined,
): Promise<string[]> {
  const moved: string[] = []
  for (const column of table.columns) {
    if (!column.identity) continue
    const target = qualified(schema, table.name)
    const { rows } = await session.query<{ sequence: string | null; highest: string | null; limit: string | null }>(
      `select s.name::pg_catalog.text as sequence, q.seqmax::pg_catalog.text as limit,
         (select pg_catalog.max(${ident(column.name)})::pg_catalog.text from ${target}) as highest
       from (select pg_catalog.pg_get_serial_sequence(${literal(target)}, ${literal(column.name)})::pg_catalog.regclass as name) as s
       left join pg_catalog.pg_sequence q on q.seqrelid = s.name`,
    )
    const [facts] = rows
    if (facts === undefined || facts.sequence === null) continue
    const wanted = larger(source?.nextAutoIncrement ?? 1n, BigInt(facts.highest ?? '0') + 1n)
    if (await moveTo(session, facts.sequence, wanted, BigInt(facts.limit ?? wanted))) moved.push(column.name)
  }
  return moved
}

/** `sequence` comes from the server, quoted where needed. */
async function moveTo(session: Session, sequence: string, wanted: bigint, limit: bigint): Promise<boolean> {
  const { rows } = await session.query<{ last: string; called: boolean }>(
    `select last_value::pg_catalog.text as last, is_called as called from ${sequence}`,
  )
  const state = rows[0]
  if (state === undefined) return false
  // Used up in the source too: the next insert must fail there, and fails here.
  const exhausted = wanted > limit
  const to = exhausted ? limit : wanted
  const now = BigInt(state.last) + (state.called ? 1n : 0n)
  if (now >= to + (exhausted ? 1n : 0n)) return false
  await session.query('select pg_catalog.setval($1::pg_catalog.regclass, $2::pg_catalog.int8, $3)', [
    sequence,
    String(to),
    exhausted,
  ])
  return true
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
