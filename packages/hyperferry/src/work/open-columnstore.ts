/** Chunks of the columnstore, made before the rows come. */
import { failpoint } from '../failpoints.ts'
import type { Capabilities } from '../target/capabilities.ts'
import { precreateChunks } from '../target/chunks.ts'
import { compressChunk, untouchedChunks } from '../target/columnstore-chunks.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'
import { isTransient } from './backoff.ts'
import type { DirectTask } from './direct-load.ts'
import type { TableWork } from './table-work.ts'

/**
 * Makes the chunks of the task where they are missing, and the columnar side of those that hold nothing yet. The COPY would do both, but holds the lock on the
 * hypertable that it takes until its commit, so that workers in other chunks would stand in line.
 */
// eslint-disable-next-line max-params -- where, how, what
export async function openColumnstore(
  session: Session,
  work: TableWork,
  capabilities: Capabilities,
  { chunks }: DirectTask,
): Promise<void> {
  const { direct } = work
  if (direct === null) return
  for (const chunk of chunks) {
    const already = direct.opened.get(chunk.from)
    if (already !== undefined) {
      // If it fails, its own worker says so, and tries again.
      await already.catch(() => {})
      continue
    }
    const opening = openChunk(session, work, capabilities, chunk)
    direct.opened.set(chunk.from, opening)
    try {
      await opening
    } catch (error) {
      direct.opened.delete(chunk.from)
      throw error
    }
  }
  failpoint('backfill.after-open')
}

// eslint-disable-next-line max-params -- as above
async function openChunk(
  session: Session,
  { schema, table }: TableWork,
  capabilities: Capabilities,
  { from, to }: { from: bigint; to: bigint },
): Promise<void> {
  try {
    await precreateChunks(session, { schema, table: table.name, capabilities }, from, to)
    for (const chunk of await untouchedChunks(session, { schema, table: table.name, from, to }))
      await transaction(session, () => compressChunk(session, capabilities, chunk))
  } catch (error) {
    // Only speed is lost: another tool was faster (42710), or the COPY will meet the same obstacle and say so.
    if (isTransient(error) || session.state !== 'idle') throw error
  }
}
