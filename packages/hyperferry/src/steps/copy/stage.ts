/** A temporary table on the way into the target: for rows whose key may be there already, and for sorting. */
import type { Session } from '../../target/connect.ts'
import { identList } from '../../target/sql.ts'
import { STAGE } from './job.ts'
import type { ImportJob } from './job.ts'

/** Made within the transaction that uses it, gone with it or with `insertFromStage`. Columns only: no constraint and no default. */
export async function makeStage(session: Session, { columns, target }: ImportJob): Promise<string> {
  await session.query(
    `create temp table ${STAGE} on commit drop as select ${identList(columns)} from ${target} with no data`,
  )
  return `pg_temp.${STAGE}`
}

/** Moves the rows on, in explicit columns, so that defaults of the others apply. Returns how many were inserted. */
export async function insertFromStage(session: Session, { columns, target, staged }: ImportJob): Promise<number> {
  const names = identList(columns)
  const order = staged === null || staged.orderBy.length === 0 ? '' : ` order by ${staged.orderBy.join(', ')}`
  const conflict = staged?.skipConflicts === true ? ' on conflict do nothing' : ''
  const { rowCount } = await session.query(
    `insert into ${target} (${names}) overriding system value select ${names} from pg_temp.${STAGE}${order}${conflict}`,
  )
  await session.query(`drop table pg_temp.${STAGE}`)
  return rowCount ?? 0
}
