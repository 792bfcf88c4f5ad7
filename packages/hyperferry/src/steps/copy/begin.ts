/** The import's place in the books: a new one, or the one that is to go on. */
import { beginImport, findImport } from '../../control/imports.ts'
import type { ImportRow } from '../../control/imports.ts'
import { HyperferryError } from '../../errors.ts'
import type { Json } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { transaction } from '../../target/transaction.ts'
import { differencesOf } from './identity.ts'
import type { FileIdentity } from './identity.ts'
import { deferIndexes } from './defer-indexes.ts'
import type { Prepared } from './prepare.ts'
import type { Text } from './text.ts'

export interface Begun {
  importId: number
  /** Went on where an earlier run had stopped. */
  resumed: boolean
  /** Why indexes stay that were to wait. */
  notes: string[]
}

export interface Wanted {
  name: string
  named: boolean
  /** Empty the table, in the same transaction: never again when the import goes on. */
  truncate: boolean
  /** Drop the plain indexes when the table is empty. */
  deferIndexes: boolean
}

/** Throws HF-F007 for another file, HF-F008 for other settings. */
export async function begin(session: Session, text: Text, job: Prepared, wanted: Wanted): Promise<Begun> {
  const found = await findImport(session, wanted.name)
  if (found !== null) {
    const importId = goOn(found, text, job)
    const notes = wanted.deferIndexes ? await shortly(session, () => deferIndexes(session, importId, job)) : []
    return { importId, resumed: true, notes }
  }
  const row = {
    name: wanted.name,
    named: wanted.named,
    schema: job.schema,
    table: job.table,
    file: text.label,
    identity: text.identity,
    reading: readingOf(job),
  }
  const begun = await shortly(session, async () => {
    const importId = await beginImport(session, row)
    if (importId === null) return null
    if (wanted.truncate) await session.query(`truncate ${job.target}`)
    return { importId, resumed: false, notes: wanted.deferIndexes ? await deferIndexes(session, importId, job) : [] }
  })
  // Another tool was faster; now its row is there.
  return begun ?? begin(session, text, job, wanted)
}

/** Others do not wait behind us for long. */
async function shortly<T>(session: Session, use: () => Promise<T>): Promise<T> {
  return transaction(session, async () => {
    await session.query(`set local lock_timeout = '10s'`)
    return use()
  })
}

/** Compares with what the books say, for a preview too; the number of the import. */
export function goOn(found: ImportRow, text: Text, job: Prepared): number {
  if (found.schema !== job.schema || found.table !== job.table) {
    const what = `this import began into ${found.schema}.${found.table}, not into ${job.schema}.${job.table}`
    throw new HyperferryError('HF-F008', { what })
  }
  const differences =
    found.identity !== null && text.identity !== null
      ? differencesOf(found.identity as FileIdentity, text.identity as FileIdentity)
      : (found.identity === null) === (text.identity === null)
        ? []
        : ['one is a file and the other a pipe']
  if (differences.length > 0) {
    throw new HyperferryError('HF-F007', {
      what: `the import began with another file: ${differences.join(', ')}`,
      details: { began: found.identity, now: text.identity },
    })
  }
  const before = found.reading as Record<string, unknown>
  const now = readingOf(job) as Record<string, unknown>
  const changed = Object.keys(now).filter((key) => JSON.stringify(now[key]) !== JSON.stringify(before[key]))
  if (changed.length > 0) {
    throw new HyperferryError('HF-F008', {
      what: `the import began with other settings: ${changed.join(', ')} changed`,
    })
  }
  return found.id
}

/** What decides which rows the bytes are. */
function readingOf(job: Prepared): Json {
  return {
    columns: [...job.columns],
    options: job.options,
    rowEnd: job.beginning.rowEnd,
    firstRow: job.beginning.first,
  }
}
