/** Statistics after a load. */
import { HyperferryError } from '../../errors.ts'
import type { Session } from '../../target/connect.ts'
import { transaction } from '../../target/transaction.ts'

/** A load that adds less than this part of the table is left to autovacuum: many small files must not each pay for the whole table. */
const PART = 10

/** Analyzes the table when `rows` are many beside those it had. Returns why it could not be done, null otherwise: the rows are there all the same. */
export async function analyze(session: Session, target: string, rows: number): Promise<string | null> {
  if (rows === 0 || rows * PART < (await rowsKnown(session, target))) return null
  try {
    await transaction(session, async () => {
      await session.query(`set local lock_timeout = '10s'`)
      await session.query(`analyze ${target}`)
    })
    return null
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.code !== 'HF-S015') throw error
    return `statistics are not up to date (${error.message}); run ANALYZE ${target} later`
  }
}

/** By the last statistics; of a hypertable its chunks, of a partitioned table its partitions. */
async function rowsKnown(session: Session, target: string): Promise<number> {
  const { rows } = await session.query<{ rows: string }>(
    `with recursive part as (
       select oid, reltuples from pg_class where oid = $1::regclass
       union all select c.oid, c.reltuples from part join pg_inherits i on i.inhparent = part.oid join pg_class c on c.oid = i.inhrelid)
     select coalesce(sum(greatest(reltuples, 0)), 0)::text as rows from part`,
    [target],
  )
  return Number(rows[0]?.rows ?? 0)
}
