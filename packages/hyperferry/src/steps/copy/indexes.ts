/** `--defer-indexes`, its end: what is owed is made, whenever that is. See docs/design/0011. */
import { claimIndex, hasIndexBooks, indexesOwedTo } from '../../control/import-indexes.ts'
import type { OwedIndex } from '../../control/import-indexes.ts'
import { controlVersion } from '../../control/install.ts'
import { HyperferryError, messageOf } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import type { Preview } from '../../preview.ts'
import { makeIndex } from '../../target/plain-indexes.ts'
import type { Session } from '../../target/connect.ts'
import { qualified } from '../../target/sql.ts'
import { transaction } from '../../target/transaction.ts'
import { withSession } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { interrupted } from '../../work/backoff.ts'
import { tableOf } from './table-of.ts'

interface Making {
  /** Indexes at the same time. */
  workers: number
  /** Aborted to stop after those that are being made. */
  signal?: AbortSignal
}

interface Table {
  schema: string
  table: string
}

/** Makes what the import owes its table, each index in a transaction of its own, several at the same time. Returns their names. Can be repeated. */
export async function makeIndexes(
  run: CopyRun,
  where: Table,
  { importId, ...how }: Making & { importId: number },
): Promise<string[]> {
  const owed = await withSession(run, where.table, (session) => indexesOwedTo(session, where))
  const own = owed.filter((index) => index.importId === importId)
  return makeAll(run, own, { table: where.table, ...how })
}

/** The same for what any import owes the table. Throws HF-F006 when there is no such table. */
export async function makeIndexesOwed(run: CopyRun, where: Table, how: Making): Promise<string[]> {
  const owed = await withSession(run, where.table, (session) => owedTo(session, where))
  return makeAll(run, owed, { table: where.table, ...how })
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

/** What a person is told: which indexes are missing, and until when. */
export async function aboutIndexes(run: CopyRun, where: Table, importId: number): Promise<string[]> {
  const owed = await withSession(run, where.table, (session) => indexesOwedTo(session, where))
  const names = (of: readonly OwedIndex[]): string => of.map(({ name }) => name).join(', ')
  return [...new Set(owed.map((index) => index.importId))].map((id) => {
    const its = owed.filter((index) => index.importId === id)
    const until = id === importId ? 'until all rows are loaded' : `until import ${its[0]?.importName ?? ''} ends`
    return `not there ${until}: ${names(its)} (noted in hyperferry.import_index; copy --make-indexes makes them at once)`
  })
}

async function owedTo(session: Session, where: Table): Promise<OwedIndex[]> {
  await tableOf(session, where)
  // A newer tool may keep its books otherwise.
  await controlVersion(session)
  return (await hasIndexBooks(session)) ? indexesOwedTo(session, where) : []
}

/** One that cannot be made does not stop the others; then the first error is thrown. */
async function makeAll(
  run: CopyRun,
  owed: readonly OwedIndex[],
  { table, workers, signal }: Making & { table: string },
): Promise<string[]> {
  if (owed.length === 0) return []
  const names = owed.map(({ name }) => name)
  run.events.emit({ kind: 'note', table, code: null, message: `making ${names.join(', ')}` })
  failpoint('copy.before-indexes')
  const next = owed.values()
  const failures: unknown[] = []
  const work = async (): Promise<void> => {
    for (const index of next) {
      if (signal?.aborted === true) return void failures.push(interrupted())
      await withSession(run, table, (session) => makeOwed(session, index)).catch((error: unknown) => {
        failures.push(naming(index, error))
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, owed.length) }, work))
  if (failures.length > 0) throw failures[0]
  return names
}

async function makeOwed(session: Session, index: OwedIndex): Promise<void> {
  await transaction(session, async () => {
    // Whoever writes to the table waits behind us as long as we wait for others.
    await session.query(`set local lock_timeout = '10s'`)
    if (await claimIndex(session, index)) await makeIndex(session, index)
    failpoint('copy.in-index')
  })
}

function naming({ name }: OwedIndex, error: unknown): unknown {
  if (!(error instanceof HyperferryError)) return error
  return error.retold({ what: `index ${name}: ${messageOf(error)}`, details: { index: name } })
}
