/** Pieces that mean the same in COPY's text format, which the server reads faster than CSV. */
import type { CopyOptions } from '../../config/copy-options.ts'
import { literal } from '../../target/sql.ts'
import { character } from './job.ts'
import type { ImportJob } from './job.ts'

const BACKSLASH = 0x5c
/** What COPY's text format takes for no delimiter. */
const NO_DELIMITER = /[\\.a-z0-9]/
/** From here on the text format has a header too, by which the server knows how rows end. */
const TEXT_HEADER = 150_000

/**
 * The text format reads the same bytes with less work, and in the same way as long as no quote and no backslash is among them: it knows no quotes, and backslashes are its escapes.
 * null for options that it does not have, for servers without a header in it, and for encodings other than UTF-8: some have characters of several bytes that the server turns
 * into a backslash.
 */
export function plainOptionsSql(
  { delimiter, utf8, more }: { delimiter: number; utf8: boolean; more: CopyOptions },
  postgres: number,
): string | null {
  const marker = more.null ?? ''
  if (!utf8 || postgres < TEXT_HEADER || more.default !== null || more.forceNull !== null || more.forceNotNull !== null)
    return null
  if (NO_DELIMITER.test(String.fromCharCode(delimiter)) || marker.includes('\\')) return null
  return `format text, header true, delimiter ${character(delimiter)}, encoding 'UTF8', null ${literal(marker)}`
}

/** Bytes that a piece must be without to be plain. */
export function marksOf({ dialect, plainOptions }: Pick<ImportJob, 'dialect' | 'plainOptions'>): number[] {
  return plainOptions === null ? [] : [dialect.quote, BACKSLASH]
}
