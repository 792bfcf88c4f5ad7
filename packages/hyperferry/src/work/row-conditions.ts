/** SQL conditions that compare a staged row `s` with a row `t` of the target. */
import type { Session } from '../target/connect.ts'
import { ident, literal } from '../target/sql.ts'
import type { Stage } from './stage.ts'
import type { TableWork } from './table-work.ts'

/** The keys are the same; NULL equals nothing, as in a unique index. */
export function equalKeys(columns: readonly string[]): string {
  return columns.map((column) => `t.${ident(column)} = s.${ident(column)}`).join(' and ')
}

export function keyNotNull(columns: readonly string[]): string {
  return columns.map((column) => `${ident(column)} is not null`).join(' and ')
}

/** Every column is the same to an application, and to the digest: −0 is not 0, case and spaces count, 1.0 is 1.00. */
export function equalRows(work: TableWork): string {
  const byValue: string[] = []
  const byBytes: string[] = []
  for (const [index, column] of work.columns.entries()) {
    const type = work.types[index]
    const list = type !== undefined && sameByValue.has(type.name) ? byValue : byBytes
    list.push(ident(column.name))
  }
  const conditions = byValue.map((name) => `t.${name} is not distinct from s.${name}`)
  // *= compares the bytes of the values: collations and -0 cannot blur it, and json has no other equality. Without the casts it would be
  // taken apart into a comparison of the fields.
  const row = (of: string): string => `row(${byBytes.map((name) => `${of}.${name}`).join(', ')})::pg_catalog.record`
  if (byBytes.length > 0) conditions.push(`${row('t')} *= ${row('s')}`)
  return conditions.length === 0 ? 'true' : conditions.join(' and ')
}

/** Types that write one value in several ways. */
const sameByValue = new Set(['numeric', 'jsonb', 'bpchar'])

/** For hypertables, the staged rows' span of time as constants, so that only the chunks concerned are looked at. Starts with ` and`, or is empty. */
export async function timeWindow(session: Session, work: TableWork, stage: Stage): Promise<string> {
  const { time } = work.table
  if (time === null) return ''
  const column = ident(time.column)
  const { rows } = await session.query<{ low: string | null; high: string | null; type: string }>(
    `select pg_catalog.min(${column})::pg_catalog.text as low, pg_catalog.max(${column})::pg_catalog.text as high,
       pg_catalog.pg_typeof(pg_catalog.min(${column}))::pg_catalog.text as type from ${stage.name}`,
  )
  const [span] = rows
  if (span === undefined || span.low === null || span.high === null) return ''
  const bound = (text: string): string => `${literal(text)}::${span.type}`
  return ` and t.${column} >= ${bound(span.low)} and t.${column} <= ${bound(span.high)}`
}
