/** Makes the newest segment fit to go on with, after a process that did not close it. */
import { join } from 'node:path'
import { codeOf } from './io.ts'
import type { JournalIo } from './io.ts'
import { segmentName } from './log.ts'
import type { Newest } from './scan.ts'

/**
 * Everything that was read from the segment is on the disk afterwards, and nothing else is in it. The process before may have died after a failed sync, when
 * the system has the pages but not the disk, and says yes when asked again. So the segment is written anew and takes the old one's place.
 */
export async function rewrite(dir: string, io: JournalIo, newest: Newest): Promise<void> {
  const path = join(dir, segmentName(newest.segment))
  try {
    const file = await io.open(`${path}.new`, 'make')
    try {
      await file.write(newest.bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOSPC') throw error
    // A full disk must not keep a writer from delivering what would make room.
    await io.unlink(`${path}.new`)
    return cut(dir, io, newest)
  }
  await io.rename(`${path}.new`, path)
  await io.syncDir(dir)
}

/** Cuts off what follows the last whole frame. */
export async function cut(dir: string, io: JournalIo, newest: Newest): Promise<void> {
  const file = await io.open(join(dir, segmentName(newest.segment)), 'write')
  try {
    await file.truncate(newest.bytes.length)
    await file.sync()
  } finally {
    await file.close()
  }
}
