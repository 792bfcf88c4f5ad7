/** How the text is read: dialect, header, columns; decided before a row is loaded. */
import { readBeginning } from '../../csv/beginning.ts'
import type { Beginning, BeginningOptions } from '../../csv/beginning.ts'
import type { Text } from './text.ts'

const FIRST_LOOK = 64 * 1024

/** The beginning of the text, however long its header is. */
export async function beginningOf(text: Text, options: BeginningOptions): Promise<Beginning> {
  for (let bytes = FIRST_LOOK; ; bytes *= 4) {
    const head = await text.head(bytes)
    const found = readBeginning(head, head.length < bytes, options)
    if (found !== null) return found
  }
}
