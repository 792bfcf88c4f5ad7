/** Makes tables of the target equal to staged rows, all tables in one statement: foreign keys, circles of them too, are checked at its end. */
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'
import { inSavepoint } from '../target/savepoint.ts'
import { ident, identList } from '../target/sql.ts'
import { isDataError } from './bisect.ts'
import { refuseUnfit } from './final-copy-unfit.ts'
import { equalKeys, equalRows } from './row-conditions.ts'
import type { StagedTable } from './staged-table.ts'
import { keyOf } from './staged-table.ts'

export interface Changes {
  inserted: number
  updated: number
  deleted: number
}

/**
 * Works in the transaction that is open. Rows that break a rule of the target are refused and put into quarantine (`HF-D021`). A value of a unique
 * column that wanders from one row to another cannot be updated row by row: those rows are deleted and inserted, which needs that no foreign key
 * does more about a deleted row than to refuse it. Throws HF-K014 with the constraint when the tables cannot be made equal.
 */
export async function mergeTables(session: Session, tables: readonly StagedTable[]): Promise<Changes[]> {
  const first = await attempt(session, tables, new Set())
  if (!(first instanceof HyperferryError)) return first
  const replaced = await replaceable(session, tables)
  if (first.sqlstate === '23505') {
    const second = await attempt(session, tables, replaced)
    if (!(second instanceof HyperferryError)) return second
  }
  await refuseUnfit(session, tables)
  const last = await attempt(session, tables, replaced)
  if (!(last instanceof HyperferryError)) return last
  throw cannotBeMade(last)
}

type Replaced = ReadonlySet<StagedTable>

/** The changes, or the error when a row is at fault; then nothing was done. */
async function attempt(
  session: Session,
  tables: readonly StagedTable[],
  replaced: Replaced,
): Promise<Changes[] | HyperferryError> {
  const merge = () => session.query<{ deleted: string; updated: string; inserted: string }>(mergeSql(tables, replaced))
  const { result, error } = await inSavepoint(session, merge, isDataError)
  if (error !== null) return error
  return result.rows.map((row) => ({
    inserted: Number(row.inserted),
    updated: Number(row.updated),
    deleted: Number(row.deleted),
  }))
}

function mergeSql(tables: readonly StagedTable[], replaced: Replaced): string {
  const parts = tables.map((each, place) => partsOf(each, place, replaced.has(each)))
  const counts = tables.map(
    (_each, n) =>
      `select ${n} as place, (select pg_catalog.count(*) from d${n})::pg_catalog.text as deleted,
         (select pg_catalog.count(*) from u${n})::pg_catalog.text as updated, (select pg_catalog.count(*) from i${n})::pg_catalog.text as inserted`,
  )
  return `with ${parts.flat().join(',\n')}\n${counts.join(' union all ')} order by place`
}

/** Three parts that see the table as it was before the statement. Counting the one before makes it run to its end first: unique values are free then. */
function partsOf({ job }: StagedTable, n: number, replace: boolean): string[] {
  const { work, stage } = job
  const { target } = work
  const names = work.columns.map(({ name }) => name)
  const columns = identList(names)
  const after = (part: string): string => `(select pg_catalog.count(*) from ${part}) >= 0`
  const key = keyOf(work.table)
  const insert = (where: string): string =>
    `i${n} as (insert into ${target} (${columns}) select ${columns} from ${stage.name} as s where ${where} returning 1)`
  const nothing = `u${n} as (select 1 where false)`
  if (key === null) return [`d${n} as (delete from ${target} returning 1)`, nothing, insert(after(`d${n}`))]
  const same = equalKeys(key)
  const equal = equalRows(work)
  const remains = replace ? `${same} and ${equal}` : same
  return [
    `d${n} as (delete from ${target} as t where not exists (select from ${stage.name} as s where ${remains}) returning 1)`,
    replace
      ? nothing
      : `u${n} as (update ${target} as t set ${names.map((name) => `${ident(name)} = s.${ident(name)}`).join(', ')}
           from ${stage.name} as s where ${same} and not (${equal}) and ${after(`d${n}`)} returning 1)`,
    insert(
      `not exists (select from ${target} as t where ${remains}) and ${after(`d${n}`)}${replace ? '' : ` and ${after(`u${n}`)}`}`,
    ),
  ]
}

/** Tables whose rows may be deleted and inserted in one statement without a trace: nothing follows a deleted row, nothing of a row is unknown to us. */
async function replaceable(session: Session, tables: readonly StagedTable[]): Promise<Replaced> {
  const found = new Set<StagedTable>()
  for (const each of tables) {
    const { work } = each.job
    const { rows } = await session.query<{ free: boolean }>(
      `select not exists (select from pg_catalog.pg_constraint where contype = 'f' and confrelid = $1::pg_catalog.regclass and confdeltype <> 'a')
         and not exists (select from pg_catalog.pg_attribute where attrelid = $1::pg_catalog.regclass and attnum > 0 and not attisdropped
           and attgenerated = '' and attname <> all ($2::pg_catalog.text[]::pg_catalog.name[])) as free`,
      [work.target, work.columns.map(({ name }) => name)],
    )
    if (rows[0]?.free === true) found.add(each)
  }
  return found
}

function cannotBeMade(error: HyperferryError): HyperferryError {
  const { table, constraint } = error.details
  return new HyperferryError('HF-K014', {
    what: `the relational tables cannot be made equal to the source: ${error.message}`,
    ...(typeof table === 'string' && typeof constraint === 'string'
      ? { hint: `Mend what breaks constraint "${constraint}" of "${table}", or drop it, and try again.` }
      : {}),
    details: error.details,
    ...(error.sqlstate === null ? {} : { sqlstate: error.sqlstate }),
    cause: error,
  })
}
