/** A temporary table shaped like the target without its constraints: rows can be looked at there by SQL before they meet keys and checks. */
import type { HyperferryError } from '../errors.ts'
import type { EncodedBatch } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { ident, identList } from '../target/sql.ts'
import { COPY_HEADER, COPY_TRAILER } from '../values/copy-stream.ts'
import { bisect } from './bisect.ts'
import type { TableWork } from './table-work.ts'
import { numbered, tuplesOf } from './tuples.ts'

export interface Stage {
  /** Quoted name. */
  readonly name: string
  /** Quoted name of the column that holds the row's number in the spool. */
  readonly row: string
  /** Copies the batch, whose first row has number `first`. A row whose bytes the target cannot read at all goes to `refuse` (index within the batch). */
  fill(
    batch: EncodedBatch,
    first: number,
    refuse: (index: number, error: HyperferryError) => Promise<void>,
  ): Promise<void>
  /** Called once all batches are in. */
  ready(): Promise<void>
  drop(): Promise<void>
}

/** Made within the transaction that uses it, gone with it at the latest. Needs the right to make temporary tables, which everyone has by default. */
export async function makeStage(session: Session, work: TableWork): Promise<Stage> {
  const names = work.columns.map((column) => column.name)
  let rowName = 'hyperferry_row'
  while (names.includes(rowName)) rowName += '_'
  const name = `pg_temp.${ident(`hyperferry_stage_${work.tableId}`)}`
  const row = ident(rowName)
  const columns = names.length === 0 ? '' : `, ${identList(names)}`
  await session.query(`create temp table ${name.slice('pg_temp.'.length)} on commit drop as
    select null::pg_catalog.int8 as ${row}${columns} from ${work.target} with no data`)
  const copy = `copy ${name} (${row}${columns}) from stdin (format binary)`
  return {
    name,
    row,
    async fill(batch, first, refuse) {
      const rows = numbered(batch, first)
      await bisect(session, 0, rows.rows, {
        async attempt(from, to) {
          await session.copyIn(copy, [COPY_HEADER, tuplesOf(rows, from, to), COPY_TRAILER])
        },
        refuse,
      })
    },
    async ready() {
      await session.query(`create index on ${name} (${row}); analyze ${name}`)
    },
    async drop() {
      await session.query(`drop table ${name}`)
    },
  }
}
