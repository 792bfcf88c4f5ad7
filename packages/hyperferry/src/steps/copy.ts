/** Command `copy`: a CSV file into a table that exists, by several workers, exactly once. See docs/design/0011. */
import { randomBytes } from 'node:crypto'
import { indexesOwedTo } from '../control/import-indexes.ts'
import {
  bytesDone,
  bytesLeft,
  findImport,
  finishImport,
  forgetEmptyImport,
  importLock,
  importTotals,
} from '../control/imports.ts'
import type { ImportTotals } from '../control/imports.ts'
import { hasControlTable, installControl } from '../control/install.ts'
import { durable } from '../control/ledger.ts'
import { withNamedLock } from '../control/lock.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { Preview } from '../preview.ts'
import type { Target } from '../target/connect.ts'
import { withSession as borrow } from '../target/with-session.ts'
import { withSession } from '../work/attempts.ts'
import type { CopyRun } from '../work/attempts.ts'
import type { Events } from '../work/events.ts'
import { analyze } from './copy/analyze.ts'
import { begin, goOn } from './copy/begin.ts'
import { indexesThatWait } from './copy/defer-indexes.ts'
import { aboutIndexes, makeIndexes } from './copy/indexes.ts'
import { loadPieces } from './copy/load.ts'
import type { Load } from './copy/load.ts'
import { prepare } from './copy/prepare.ts'
import type { Prepared } from './copy/prepare.ts'
import { previewCopy } from './copy/preview.ts'
import { writeRejectFiles } from './copy/reject-file.ts'
import type { RejectFiles } from './copy/reject-file.ts'
import type { CopyRequest } from './copy/request.ts'
import { rangeBytes } from './copy/sizes.ts'
import type { Text } from './copy/text.ts'
import { withWayOn } from './copy/way-on.ts'

export { makeIndexesOwed, previewIndexes } from './copy/indexes.ts'
export { openText } from './copy/open-text.ts'
export type { CopyRequest } from './copy/request.ts'

export interface CopyContext {
  target: Target
  text: Text
  run: CopyRun
  events: Events
  /** Aborted to stop after the pieces that are being copied. */
  signal: AbortSignal
}

export interface CopyResult {
  /** Under this name the import could go on, or goes on. */
  importId: string
  /** Loaded by this run. */
  rows: number
  /** Bytes of the file that this run has taken, after decompression. */
  bytes: number
  seconds: number
  /** Rows of the whole import that were left out as faulty. */
  quarantined: number
  /** Rows left out by this run because a row with their key was there. */
  skipped: number
  /** Loaded by earlier runs of this import. */
  before: number
  /** Names of the indexes that were made when all rows were there. */
  indexes: string[]
  rejects: RejectFiles | null
}

/** What would be done; nothing is changed. */
export async function previewOf(context: CopyContext, request: CopyRequest): Promise<Preview> {
  const { target, text } = context
  return borrow(target, async (session) => {
    const job = await prepare(session, text, request, target.capabilities)
    const found =
      (await hasControlTable(session, 'import')) && request.importId !== null
        ? await findImport(session, request.importId)
        : null
    if (found !== null) goOn(found, text, job)
    const loaded = found === null ? 0 : (await importTotals(session, found.id)).bytes
    const deferred = request.deferIndexes ? await indexesThatWait(session, job, request.truncate && found === null) : []
    const bytes = await rangeBytes(text, request, job.usualBytes)
    return previewCopy(text, job, { request, loaded, resumed: found !== null, bytes, deferred })
  })
}

/** Loads what is left of the text. Throws HF-F002 when a row is refused, HF-F007 and HF-F008 when it is not the import of that name. */
export async function copyFile(context: CopyContext, request: CopyRequest): Promise<CopyResult> {
  const { target, run } = context
  const name = request.importId ?? `copy-${randomBytes(5).toString('hex')}`
  const job = await withSession(run, request.table, (session) =>
    prepare(session, context.text, request, target.capabilities),
  )
  await withSession(run, request.table, installControl)
  return withNamedLock(target, importLock(name), `import "${name}"`, () => load(context, request, { name, job }))
}

async function load(
  context: CopyContext,
  request: CopyRequest,
  { name, job }: { name: string; job: Prepared },
): Promise<CopyResult> {
  const named = request.importId !== null
  let importId: number | null = null
  try {
    const { run, text } = context
    const started = performance.now()
    const wanted = { name, named, truncate: request.truncate, deferIndexes: request.deferIndexes }
    const begun = await withSession(run, job.table, (session) => begin(session, text, job, wanted))
    importId = begun.importId
    const before = await withSession(run, job.table, (session) => importTotals(session, begun.importId))
    const about = await aboutIndexes(run, job, begun.importId)
    tell(context, job, [
      beginning({ name, named, before, resumed: begun.resumed && request.truncate }),
      ...begun.notes,
      ...about,
    ])
    failpoint('copy.after-begin')
    const books = { job, importId: begun.importId, name, before }
    let left = 1
    while (left > 0) left = await loadRound(context, await loadOf(context, request, books))
    await text.mustBeUnchanged()
    const indexes = await makeIndexes(run, job, {
      importId: begun.importId,
      workers: request.workers,
      signal: context.signal,
    })
    failpoint('copy.before-done')
    return await finish(context, request, { ...books, indexes, started })
  } catch (error) {
    const stand = await standAfter(context, job, importId)
    throw withWayOn(error, {
      name,
      goesOn: named || stand.forgotten ? null : name,
      header: job.beginning.header !== null,
      missing: stand.missing,
      table: request.schema === 'public' ? job.table : `${job.table} --schema ${job.schema}`,
    })
  }
}

interface Books {
  job: Prepared
  importId: number
  name: string
  before: ImportTotals
}

async function finish(
  context: CopyContext,
  request: CopyRequest,
  { job, importId, name, before, indexes, started }: Books & { indexes: string[]; started: number },
): Promise<CopyResult> {
  const { run, events } = context
  const now = await withSession(run, job.table, (session) => importTotals(session, importId))
  const behind = await withSession(run, job.table, (session) => analyze(session, job.target, now.rows - before.rows))
  if (behind !== null) tell(context, job, [behind])
  const path = request.rejectFile ?? `${request.file ?? 'stdin'}.rejected.csv`
  const rejects =
    now.refused === 0
      ? null
      : await withSession(run, job.table, (session) => writeRejectFiles(session, importId, job, path))
  await withSession(run, job.table, (session) => finishImport(session, importId))
  // What another import has taken over is made by that one.
  tell(context, job, await aboutIndexes(run, job, importId))
  events.emit({ kind: 'table-done', table: job.table, rows: now.rows, quarantined: now.refused })
  return {
    importId: name,
    rows: now.rows - before.rows,
    bytes: now.bytes - before.bytes,
    seconds: (performance.now() - started) / 1000,
    quarantined: now.refused,
    skipped: now.skipped - before.skipped,
    before: before.rows,
    indexes,
    rejects,
  }
}

/**
 * After an error. An import that has loaded nothing leaves the table as it was, and without a name of its own it leaves nothing at all. `missing`: indexes that are not
 * there. The error that ended the copy is the one to be told, so what fails here is only left undone.
 */
async function standAfter(
  { target, run }: CopyContext,
  job: Prepared,
  importId: number | null,
): Promise<{ forgotten: boolean; missing: string[] }> {
  const once = { ...run, retry: { ...run.retry, attempts: 0 } }
  const nothing = async (): Promise<boolean> => {
    if (importId === null) return false
    const { bytes } = await borrow(target, (session) => importTotals(session, importId))
    if (bytes > 0) return false
    await makeIndexes(once, job, { importId, workers: 1 })
    return borrow(target, (session) => forgetEmptyImport(session, importId))
  }
  const forgotten = await nothing().catch(() => false)
  const owed = await borrow(target, (session) => indexesOwedTo(session, job)).catch(() => [])
  return { forgotten, missing: owed.map(({ name }) => name) }
}

/**
 * Loads what is left and tells how many gaps there are afterwards. A crash of the server takes back what was committed last, and the worker that did it may have left: so the
 * books are read once more after a commit that waits for the disk. Throws HF-F013 where the bytes cannot be read again.
 */
async function loadRound({ run, text }: CopyContext, round: Load): Promise<number> {
  const { job, first } = round
  const end = await loadPieces(round)
  const left = await withSession(run, job.table, async (session) => {
    await durable(session)
    return first < end ? bytesLeft(session, job.importId, { from: first, to: end }) : []
  })
  const [gap] = left
  if (gap !== undefined && !text.seekable) {
    throw new HyperferryError('HF-F013', {
      what: `the target has lost bytes ${gap.from} to ${gap.to} after it had acknowledged them`,
      details: { from: gap.from, to: gap.to },
    })
  }
  return left.length
}

async function loadOf(
  { target, text, run, signal, events }: CopyContext,
  request: CopyRequest,
  books: Books,
): Promise<Load> {
  const { job, importId, name, before } = books
  return {
    target,
    text,
    run,
    signal,
    events,
    before,
    job: { ...job, importId, name },
    first: job.beginning.first,
    loaded: await withSession(run, job.table, (session) => bytesDone(session, importId)),
    bytes: await rangeBytes(text, request, job.usualBytes),
    most: request.limit ?? Number.POSITIVE_INFINITY,
    workers: request.workers,
    logBatches: request.logBatches,
  }
}

function tell({ events }: CopyContext, job: Prepared, messages: readonly string[]): void {
  for (const message of messages) events.emit({ kind: 'note', table: job.table, code: null, message })
}

function beginning(told: { name: string; named: boolean; before: ImportTotals; resumed: boolean }): string {
  const { name, named, before, resumed } = told
  if (!named) return `import ${name}; if it is killed, --import-id ${name} goes on`
  if (before.bytes === 0) return `import ${name}`
  return `import ${name} goes on: ${before.rows} rows are loaded${resumed ? '; the table was emptied when it began, not again' : ''}`
}
