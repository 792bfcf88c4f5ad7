/** `--defer-indexes`, its beginning: what can wait is noted and dropped. See docs/design/0011. */
import { indexesOwedTo, oweIndex, takeOverIndexes } from '../../control/import-indexes.ts'
import { importLock } from '../../control/imports.ts'
import { isLockFree } from '../../control/lock.ts'
import { HyperferryError } from '../../errors.ts'
import { dropSql, makeIndex, plainIndexes } from '../../target/plain-indexes.ts'
import type { PlainIndex } from '../../target/plain-indexes.ts'
import type { Session } from '../../target/connect.ts'
import { inSavepoint } from '../../target/savepoint.ts'
import type { ImportJob } from './job.ts'

type Place = Pick<ImportJob, 'schema' | 'table' | 'target'>

/**
 * When the table has no row: notes its plain indexes and drops them. What an import that was given up owes the table is owed by this one from now on. Must be within a
 * transaction, that of the import's beginning or one of its own. Returns why indexes stay; whatever the server has against it is such a reason, and no error.
 */
export async function deferIndexes(session: Session, importId: number, job: Place): Promise<string[]> {
  const { result, error } = await inSavepoint(session, () => drop(session, importId, job), isRefusal(session))
  return error === null ? result : [`indexes stay: ${error.message}`]
}

/** For a preview: what would be dropped. */
export async function indexesThatWait(session: Session, job: Place, emptied: boolean): Promise<PlainIndex[]> {
  return emptied || (await isEmpty(session, job.target)) ? plainIndexes(session, job.target) : []
}

async function drop(session: Session, importId: number, job: Place): Promise<string[]> {
  const owed = await indexesOwedTo(session, job)
  // Nobody is locked out for nothing.
  if (owed.length === 0 && (await plainIndexes(session, job.target)).length === 0)
    return ['there is no index that can wait']
  const full = ['indexes stay: the table has rows']
  if (!(await isEmpty(session, job.target))) return owed.some((index) => index.importId === importId) ? [] : full
  await session.query(`lock table ${job.target} in access exclusive mode`)
  // Once more under the lock: nobody has put a row in between.
  if (!(await isEmpty(session, job.target))) return full
  for (const [id, name] of new Map(owed.map((index) => [index.importId, index.importName])))
    if (id !== importId && (await isLockFree(session, importLock(name)))) await takeOverIndexes(session, id, importId)
  const stay: string[] = []
  for (const index of await plainIndexes(session, job.target)) {
    const why = (await wouldDiffer(session, job.target, index)) ?? (await note(session, importId, job.target, index))
    if (why === null) await session.query(dropSql(index))
    else stay.push(`index ${index.name} stays: ${why}`)
  }
  return stay
}

/** Drops it and makes it again while the table is empty, and takes that back: who may drop an index may not always make one. Returns what is against it. */
async function wouldDiffer(session: Session, target: string, index: PlainIndex): Promise<string | null> {
  const tryOut = async (): Promise<boolean> => {
    await session.query(dropSql(index))
    await makeIndex(session, index)
    const again = (await plainIndexes(session, target)).find(({ name }) => name === index.name)
    return JSON.stringify(again) === JSON.stringify(index)
  }
  const { result, error } = await inSavepoint(session, tryOut, isRefusal(session), { undo: true })
  if (error !== null) return error.message
  return result ? null : 'made again it would not be what it is'
}

// eslint-disable-next-line max-params -- who owes what to whom
async function note(session: Session, importId: number, target: string, index: PlainIndex): Promise<string | null> {
  return (await oweIndex(session, importId, { target, index }))
    ? null
    : 'hyperferry.import_index holds another one of its name'
}

/** Whatever the server has against it, as long as it is there to say so. */
function isRefusal(session: Session): (error: unknown) => error is HyperferryError {
  return (error): error is HyperferryError =>
    error instanceof HyperferryError && error.sqlstate !== null && session.state !== 'lost'
}

async function isEmpty(session: Session, target: string): Promise<boolean> {
  const { rows } = await session.query<{ empty: boolean }>(`select not exists (select from ${target}) as empty`)
  return rows[0]?.empty === true
}
