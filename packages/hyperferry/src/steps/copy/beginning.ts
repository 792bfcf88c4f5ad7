/** How the text is read: dialect, header, columns; decided before a row is loaded. */
import { readBeginning } from '../../csv/beginning.ts'
import type { Beginning, BeginningOptions } from '../../csv/beginning.ts'
import type { Dialect } from '../../csv/dialect.ts'
import { splitRow } from '../../csv/fields.ts'
import { withoutEnd } from '../../csv/rows.ts'
import { firstInvalid } from '../../csv/utf8.ts'
import { HyperferryError } from '../../errors.ts'
import type { Session } from '../../target/connect.ts'
import { decoded, isNoCharacter } from './encoding.ts'
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

/** Names of the header's fields, in the encoding of the file. Throws HF-F004 when it is not written in it, HF-F005 when nobody knows it. */
export async function namesOf(
  session: Session,
  { header, headerBytes }: Beginning,
  { dialect, encoding, utf8 }: { dialect: Dialect; encoding: string; utf8: boolean },
): Promise<string[] | null> {
  if (header === null) return null
  const bad = new HyperferryError('HF-F004', { what: `the header of the file is not written in ${encoding}` })
  if (utf8) {
    if (firstInvalid(headerBytes) !== null) throw bad
    return header
  }
  const text = await decoded(session, withoutEnd(headerBytes), encoding).catch((error: unknown) => {
    if (isNoCharacter(error)) throw bad
    // The encoding itself is not known.
    if (error instanceof HyperferryError && error.sqlstate === '22023')
      throw new HyperferryError('HF-F005', { what: error.message, cause: error })
    throw error
  })
  return splitRow(Buffer.from(text), dialect).map(({ bytes }) => bytes.toString())
}
