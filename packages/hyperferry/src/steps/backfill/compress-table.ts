/** The columnstore of a table whose rows are all there: what its policy would do at its first run, done before the table is handed over. */
import { HyperferryError, messageOf } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import { readColumnstore } from '../../target/catalog.ts'
import { chunksToCompress, columnstoreCutoff, compressChunk, hypertableBytes } from '../../target/columnstore-chunks.ts'
import type { StoredChunk } from '../../target/columnstore-chunks.ts'
import { columnstoreWay } from '../../target/columnstore-way.ts'
import { readJobs } from '../../target/jobs.ts'
import { transaction } from '../../target/transaction.ts'
import { Patience, withSession } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import type { SessionSlot } from '../../work/session-slot.ts'
import type { TableWork } from '../../work/table-work.ts'
import { each, inParallel, withSlot } from './workers.ts'
import type { Workers } from './workers.ts'

export interface CompressedTable {
  /** Chunks compressed by this run, those put in order included. */
  chunks: number
  /** Bytes of the table before and after, indexes included. */
  bytesBefore: number
  bytesAfter: number
  /** For people; null when there was nothing to do. */
  note: string | null
}

/**
 * Compresses, one by one and several at a time, the chunks that are older than the plan's `after`; one that is wholly columnar already is passed by, so that a run that was
 * killed goes on where it ended. Younger chunks stay rows: the application goes on writing there. null where there is no columnstore, and where a policy runs, which does the
 * same. A chunk that the server will not compress is told of in the note and left to the policy. Throws HF-B022 when interrupted, HF-C019 when the server stays away.
 */
export async function compressTable(run: CopyRun, work: TableWork, options: Workers): Promise<CompressedTable | null> {
  const { table, schema } = work
  if (columnstoreWay(table, run.target.capabilities) === null) return null
  if (work.part !== null)
    return nothing(`${table.name}: its chunks are compressed by the policy, once jobs are restored; not beside writers`)
  const place = { schema, table: table.name }
  const left = await withSession(run, table.name, async (session) => {
    const cutoff = await columnstoreCutoff(session, table)
    if (cutoff === null || (await readColumnstore(session, schema, table.name)) === null) return null
    const jobs = await readJobs(session, run.target.capabilities, schema, [table.name])
    if (jobs.some(({ kind, level, scheduled }) => kind === 'columnstore' && level === 0 && scheduled)) return null
    const chunks = await chunksToCompress(session, { ...place, cutoff })
    return { chunks, bytes: chunks.length === 0 ? 0 : await hypertableBytes(session, run.target.capabilities, place) }
  })
  if (left === null) return null
  if (left.chunks.length === 0) return nothing(null)
  run.events.emit({
    kind: 'step',
    step: 'backfill',
    message: `${table.name}: ${left.chunks.length} chunks to compress`,
  })
  const refusals: string[] = []
  let done = 0
  await inParallel(
    run,
    options,
    each(left.chunks),
    withSlot(async (slot, chunk) => {
      const refusal = await compressPatiently(run, work, slot, chunk)
      if (refusal !== null) refusals.push(refusal)
      else done += 1
      run.events.emit({ kind: 'table-compress', table: table.name, done, total: left.chunks.length })
    }),
  )
  const bytesAfter = await withSession(run, table.name, (session) =>
    hypertableBytes(session, run.target.capabilities, place),
  )
  const result = { chunks: done, bytesBefore: left.bytes, bytesAfter }
  return { ...result, note: noteOf(table.name, result, refusals) }
}

const nothing = (note: string | null): CompressedTable => ({ chunks: 0, bytesBefore: 0, bytesAfter: 0, note })

/** Returns why the chunk could not be compressed, null when it is. */
// eslint-disable-next-line max-params -- run, table, place, chunk
async function compressPatiently(
  run: CopyRun,
  work: TableWork,
  slot: SessionSlot,
  chunk: StoredChunk,
): Promise<string | null> {
  const patience = new Patience(run, work.table.name)
  for (;;) {
    try {
      const session = await slot.get()
      await transaction(session, async () => {
        await compressChunk(session, run.target.capabilities, chunk)
        failpoint('backfill.mid-compress')
      })
      return null
    } catch (error) {
      if (!(error instanceof HyperferryError) || MUST_END.has(error.code)) throw error
      // The policy, or another tool, was faster.
      if (error.sqlstate === '42710') return null
      const refused = error.retry !== 'transient' || (error.sqlstate === LOCKED && patience.failures >= LOCK_ATTEMPTS)
      if (refused) return `${chunk.name}: ${messageOf(error)}`
      await patience.after(error)
    }
  }
}

/** Somebody reads the chunk for minutes: no reason to keep everybody waiting, since the policy comes later anyway. */
const LOCKED = '55P03'
const LOCK_ATTEMPTS = 10
const MUST_END = new Set(['HF-B022'])

function noteOf(
  name: string,
  { chunks, bytesBefore, bytesAfter }: Omit<CompressedTable, 'note'>,
  refusals: readonly string[],
): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
  const done = `${name}: ${chunks} chunks compressed, ${megabytes(bytesBefore)} → ${megabytes(bytesAfter)}`
  const [first] = refusals
  return first === undefined ? done : `${done}; ${refusals.length} left to the policy (${first})`
}
