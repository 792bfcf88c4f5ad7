/** The rows of a CSV text as the server reads them, in binary. */
import type { Session } from '../../target/connect.ts'
import { csvCopySql } from '../../target/copy.ts'
import { ident, identList } from '../../target/sql.ts'
import { CopyParser } from '../../values/copy-stream.ts'
import { Digest, digestBatch } from '../../values/digest.ts'
import type { MemoryBudget } from '../budget.ts'
import type { SliceRows } from '../read-slice.ts'
import { Spool } from '../spool.ts'
import type { TableWork } from '../table-work.ts'

/** Blocks of the stage that are read together: 8 MB as the server stores them. */
const BLOCKS = 1024

/** By way of a temporary table without constraints, within the transaction that is open. The caller disposes of the spool. */
// eslint-disable-next-line max-params -- where, what, how much memory, and the text
export async function stagedRows(
  session: Session,
  work: TableWork,
  budget: MemoryBudget,
  text: AsyncIterable<Uint8Array>,
): Promise<SliceRows> {
  const name = ident(`hyperferry_csv_${work.tableId}`)
  const columns = identList(work.columns.map((column) => column.name))
  await session.query(`create temp table ${name} on commit drop as select ${columns} from ${work.target} with no data`)
  await session.copyIn(csvCopySql(`pg_temp.${name}`, work.columns), text)
  const spool = new Spool(budget)
  const digest = new Digest()
  try {
    const { rows } = await session.query<{ blocks: number }>(
      `select (pg_catalog.pg_relation_size('pg_temp.${name.replaceAll("'", "''")}') / pg_catalog.current_setting('block_size')::int8)::int4 as blocks`,
    )
    for (let block = 0; block < (rows[0]?.blocks ?? 0); block += BLOCKS) {
      const where = `ctid >= '(${block},0)' and ctid < '(${block + BLOCKS},0)'`
      const parser = new CopyParser()
      const batches: { bytes: Uint8Array; ends: Uint32Array }[] = []
      await session.copyOut(
        `copy (select ${columns} from pg_temp.${name} where ${where}) to stdout (format binary)`,
        (chunk) =>
          parser.push(chunk, (bytes, ends) =>
            batches.push({ bytes: Uint8Array.from(bytes), ends: Uint32Array.from(ends) }),
          ),
      )
      parser.end()
      for (const { bytes, ends } of batches) {
        digestBatch(digest, work.normaliser, bytes, ends)
        await spool.add({ rows: ends.length, bytes, ends, rejected: [], losses: [] })
      }
    }
    await session.query(`drop table pg_temp.${name}`)
  } catch (error) {
    await spool.dispose()
    throw error
  }
  return { spool, digest }
}
