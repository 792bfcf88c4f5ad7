/** `--defer-indexes`: an index is cheaper to make once than to keep up row by row. See docs/design/0011. */
import { claimIndex, indexesOwed, indexesOwedTo, oweIndexes, takeOverIndexes } from '../../control/import-indexes.ts'
import type { OwedIndex } from '../../control/import-indexes.ts'
import { hasControlTable } from '../../control/install.ts'
import { failpoint } from '../../failpoints.ts'
import type { Preview } from '../../preview.ts'
import { dropSql, makeIndex, plainIndexes } from '../../target/plain-indexes.ts'
import type { PlainIndex } from '../../target/plain-indexes.ts'
import type { Session } from '../../target/connect.ts'
import { qualified } from '../../target/sql.ts'
import { transaction } from '../../target/transaction.ts'
import { withSession } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import type { ImportJob } from './job.ts'

type Place = Pick<ImportJob, 'schema' | 'table' | 'target'>

/**
 * When the table has no row: notes its plain indexes and drops them. What an import that was given up owes the table is owed by this one from now on. Must be
 * within a transaction, that of the import's beginning or one of its own.
 */
export async function deferIndexes(session: Session, importId: number, job: Place): Promise<void> {
  if (!(await isEmpty(session, job.target))) return
  // And once more under the lock: nobody puts a row in between the look and the drop.
  await session.query(`lock table ${job.target} in access exclusive mode`)
  if (!(await isEmpty(session, job.target))) return
  await takeOverIndexes(session, importId, job)
  const indexes = await plainIndexes(session, job.target)
  await oweIndexes(session, importId, indexes)
  for (const index of indexes) await session.query(dropSql(index))
}

/** Makes what the import owes, each index in a transaction of its own, several at the same time. Returns their names. Can be repeated. */
export async function makeIndexes(
  run: CopyRun,
  { importId, ...how }: { importId: number; table: string; workers: number },
): Promise<string[]> {
  return makeAll(run, await withSession(run, how.table, (session) => indexesOwed(session, importId)), how)
}

interface Table {
  schema: string
  table: string
}

/** The same for what any import owes the table. */
export async function makeIndexesOwed(run: CopyRun, where: Table, workers: number): Promise<string[]> {
  const owed = await withSession(run, where.table, (session) => owedTo(session, where))
  return makeAll(run, owed, { table: where.table, workers })
}

export async function previewIndexes(session: Session, where: Table): Promise<Preview> {
  const owed = await owedTo(session, where)
  const target = qualified(where.schema, where.table)
  return {
    title: owed.length === 0 ? `No index of ${target} is missing.` : `Would make, on ${target}:`,
    lines: owed.map(({ name }) => name),
    sql: owed.map(({ definition }) => `${definition};`),
  }
}

/** Changes nothing: without books nothing is owed. */
async function owedTo(session: Session, where: Table): Promise<OwedIndex[]> {
  return (await hasControlTable(session, 'import_index')) ? indexesOwedTo(session, where) : []
}

async function makeAll(
  run: CopyRun,
  owed: readonly OwedIndex[],
  { table, workers }: { table: string; workers: number },
): Promise<string[]> {
  if (owed.length === 0) return []
  const names = owed.map(({ name }) => name)
  run.events.emit({ kind: 'note', table, code: null, message: `making ${names.join(', ')}` })
  failpoint('copy.before-indexes')
  const next = owed.values()
  const work = async (): Promise<void> => {
    for (const index of next) await withSession(run, table, (session) => makeOwed(session, index))
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.min(workers, owed.length) }, work))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return names
}

async function makeOwed(session: Session, index: OwedIndex): Promise<void> {
  await transaction(session, async () => {
    // Whoever writes to the table waits behind us as long as we wait for others.
    await session.query(`set local lock_timeout = '10s'`)
    if (await claimIndex(session, index.id)) await makeIndex(session, index)
    failpoint('copy.in-index')
  })
}

/** What a person is told before the rows come: which indexes are missing, and until when. */
export async function aboutIndexes(
  run: CopyRun,
  job: Place,
  { importId, asked }: { importId: number; asked: boolean },
): Promise<string[]> {
  const owed = await withSession(run, job.table, (session) => indexesOwedTo(session, job))
  const names = (of: readonly OwedIndex[]): string => of.map(({ name }) => name).join(', ')
  const atOnce = 'copy --make-indexes makes them at once'
  const own = owed.filter((index) => index.importId === importId)
  if (own.length > 0) {
    return [`not there until all rows are loaded: ${names(own)} (noted in hyperferry.import_index; ${atOnce})`]
  }
  const others = [...new Set(owed.map(({ importName }) => importName))].map((name) => {
    const its = owed.filter(({ importName }) => importName === name)
    return `${names(its)}: not there until import ${name} ends (${atOnce})`
  })
  return [...(asked ? [`${job.target} has rows, or no index that can wait: its indexes stay`] : []), ...others]
}

/** For a preview: what `deferIndexes` would drop. */
export async function indexesThatWait(session: Session, job: Place, emptied: boolean): Promise<PlainIndex[]> {
  return emptied || (await isEmpty(session, job.target)) ? plainIndexes(session, job.target) : []
}

async function isEmpty(session: Session, target: string): Promise<boolean> {
  const { rows } = await session.query<{ empty: boolean }>(`select not exists (select from ${target}) as empty`)
  return rows[0]?.empty === true
}
