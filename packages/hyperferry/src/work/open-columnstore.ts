/** Chunks of the columnstore, made before the rows come. */
import { failpoint } from '../failpoints.ts'
import type { Capabilities } from '../target/capabilities.ts'
import { openChunks } from '../target/columnstore-chunks.ts'
import type { Session } from '../target/connect.ts'
import { isTransient } from './backoff.ts'
import type { DirectTask } from './direct-load.ts'
import type { TableWork } from './table-work.ts'

/** Opens the chunks of the task once for all workers; made by the COPY they would let workers in other chunks stand in line. */
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
    await openChunks(session, capabilities, { schema, table: table.name, from, to })
  } catch (error) {
    // Only speed is lost: the COPY will meet the same obstacle and say so.
    if (isTransient(error) || session.state !== 'idle') throw error
  }
}
