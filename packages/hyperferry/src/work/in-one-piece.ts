/** Says beforehand what goes in one piece: such tables wait whole in the work space and are one transaction of the target. */
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { messageOf } from '../errors.ts'
import type { PlannedTable } from '../model.ts'
import type { Events } from './events.ts'

const GB = 1e9

/** Emits a note when `tables`, read together in one piece, have a gigabyte or more by the plan's estimate, or more than `folder` has room for. */
export async function noteOnePiece(
  events: Events,
  tables: readonly PlannedTable[],
  folder: string = tmpdir(),
): Promise<void> {
  const bytes = tables.reduce((sum, table) => sum + (table.estimatedBytes ?? 0), 0)
  const [first] = tables
  if (first === undefined || bytes === 0) return
  const room = await statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    (error: unknown) => messageOf(error),
  )
  const short = typeof room === 'number' && bytes > room
  if (bytes < GB && !short) return
  const what = tables.length === 1 ? first.name : `${tables.length} relational tables`
  const free = typeof room === 'number' ? `${(room / GB).toFixed(1)} GB are free` : `the room is not known: ${room}`
  events.emit({
    kind: 'note',
    table: tables.length === 1 ? first.name : null,
    code: short ? 'HF-B015' : null,
    message: `${what}: about ${(bytes / GB).toFixed(1)} GB go in one piece, by way of ${folder}, where ${free}${short ? '; point TMPDIR to a larger folder' : ''}`,
  })
}
