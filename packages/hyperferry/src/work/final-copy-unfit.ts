/** Staged rows that the target would refuse, found before they are sent: what one statement for all tables cannot tell is who is at fault. */
import type { Session } from '../target/connect.ts'
import { ident, identList } from '../target/sql.ts'
import { bisect } from './bisect.ts'
import { refuse } from './careful.ts'
import { equalKeys, equalRows } from './row-conditions.ts'
import type { StagedTable } from './staged-table.ts'
import { keyOf } from './staged-table.ts'

/** Takes them out of the stages and puts them into quarantine: broken checks and NOT NULL by trial, references to nothing by a look. */
export async function refuseUnfit(session: Session, tables: readonly StagedTable[]): Promise<void> {
  for (const table of tables) await refuseByTrial(session, table)
  // A row that is refused may have been the one that others refer to.
  for (let found = 1; found > 0;) {
    found = 0
    for (const table of tables) found += await refuseOrphans(session, table, tables)
  }
}

/** Checks look at one row alone, so an empty twin of the table tells as much as the table. */
async function refuseByTrial(session: Session, { job, total }: StagedTable): Promise<void> {
  const { work, stage } = job
  const twin = ident(`hyperferry_twin_${work.tableId}`)
  const columns = identList(work.columns.map(({ name }) => name))
  await session.query(`create temp table ${twin} (like ${work.target} including constraints including defaults including generated)
    on commit drop`)
  await bisect(session, 0, total, {
    async attempt(from, to) {
      await session.query(
        `insert into pg_temp.${twin} (${columns}) select ${columns} from ${stage.name}
         where ${stage.row} >= $1::pg_catalog.int8 and ${stage.row} < $2::pg_catalog.int8`,
        [from, to],
      )
    },
    refuse: (row, error) => refuse(job, [{ row: String(row) }], { code: 'HF-D021', error }),
  })
  await session.query(`drop table pg_temp.${twin}`)
}

/** Only rows that would be written: one that stands in the target and is equal is not looked at again by PostgreSQL either. */
async function refuseOrphans(session: Session, { job }: StagedTable, tables: readonly StagedTable[]): Promise<number> {
  const { work, stage } = job
  const { rows: keys } = await session.query<{ name: string; parent: string; mine: string[]; theirs: string[] }>(
    `select c.conname as name, pg_catalog.format('%I.%I', n.nspname, p.relname) as parent, c.confrelid,
       (select pg_catalog.json_agg(a.attname order by k.n) from pg_catalog.unnest(c.conkey) with ordinality as k(num, n)
        join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num) as mine,
       (select pg_catalog.json_agg(a.attname order by k.n) from pg_catalog.unnest(c.confkey) with ordinality as k(num, n)
        join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.num) as theirs
     from pg_catalog.pg_constraint c join pg_catalog.pg_class p on p.oid = c.confrelid join pg_catalog.pg_namespace n on n.oid = p.relnamespace
     where c.contype = 'f' and c.conrelid = $1::pg_catalog.regclass`,
    [work.target],
  )
  const key = keyOf(work.table)
  const stands =
    key === null ? 'false' : `exists (select from ${work.target} as t where ${equalKeys(key)} and ${equalRows(work)})`
  let found = 0
  for (const { name, parent, mine, theirs } of keys) {
    const staged = await stageOf(session, tables, parent)
    const match = mine.map((column, at) => `p.${ident(theirs[at] ?? '')} = s.${ident(column)}`).join(' and ')
    const { rows } = await session.query<{ row: string }>(
      `select s.${stage.row}::pg_catalog.text as row from ${stage.name} as s
       where ${mine.map((column) => `s.${ident(column)} is not null`).join(' and ')}
         and not exists (select from ${staged ?? parent} as p where ${match}) and not ${stands}`,
    )
    found += rows.length
    const reason = `it refers to a row that does not exist (foreign key ${name})`
    await refuse(job, rows, { code: 'HF-D021', reason, sqlstate: '23503' })
  }
  return found
}

/** What the referenced table will hold, if it is one of those that are copied. */
async function stageOf(session: Session, tables: readonly StagedTable[], parent: string): Promise<string | null> {
  for (const { job } of tables) {
    const { rows } = await session.query<{ same: boolean }>(
      'select $1::pg_catalog.regclass = $2::pg_catalog.regclass as same',
      [job.work.target, parent],
    )
    if (rows[0]?.same === true) return job.stage.name
  }
  return null
}
