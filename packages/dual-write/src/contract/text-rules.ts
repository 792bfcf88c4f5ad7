/** What every column of text does to what it is given: by the rules of the plan, the characters of its set, the length of both sides. */
import { isUtf8 } from 'node:buffer'
import { refuse } from './codec.ts'
import type { ColumnContext } from './codec.ts'

/** What the application gave, as text. @throws Refusal for what has no certain text. */
export function asText(value: unknown, context: ColumnContext): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
      return String(value)
    case 'boolean':
      // As the drivers send it.
      return value ? '1' : '0'
    default:
      return value instanceof Uint8Array ? decoded(value, context) : refuse('not text')
  }
}

/** Bytes in a column of text. */
export function decoded(bytes: Uint8Array, { column, lose }: ColumnContext): string {
  if (!isUtf8(bytes)) {
    if (column.rules.invalidText !== 'replace') refuse('bytes that are not UTF-8')
    lose('HF-L004')
  }
  // A byte order mark is part of the value.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** Halves of surrogate pairs become U+FFFD, as the drivers would send them. */
export function wellFormed(text: string, { lose }: ColumnContext): string {
  if (text.isWellFormed()) return text
  lose('HF-L004')
  return text.toWellFormed()
}

/** U+0000 by the rule of the column. */
export function withoutNul(text: string, { column, lose }: ColumnContext): string {
  if (!text.includes('\0')) return text
  const rule = column.rules.nul ?? 'quarantine'
  if (rule === 'quarantine') refuse('text with U+0000')
  lose('HF-L003')
  return text.replaceAll('\0', rule === 'strip' ? '' : '\uFFFD')
}

/** Characters, as both servers count them. */
function lengthOf(text: string): number {
  let count = text.length
  // The upper half of every pair is not counted.
  for (let i = 0; i < text.length; i += 1) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count -= 1
  return count
}

/** @throws Refusal for text that is too long for one side or has a character that the source's character set lacks. */
export function checkText(text: string, context: ColumnContext, engine: 'mysql' | 'sqlite'): void {
  const { target } = context
  if (target.length !== null && lengthOf(text) > target.length) refuse(`too long for ${target.text}`)
  if (engine === 'mysql') checkMysqlText(text, context)
}

function checkMysqlText(text: string, { column, source }: ColumnContext): void {
  const charset = column.collation?.split('_')[0] ?? 'utf8mb4'
  const lacking = LACKING[charset]
  if (lacking?.test(text)) refuse(`a character that ${charset} does not have`)
  if (source.base === 'char' || source.base === 'varchar') {
    if (lengthOf(text) > (source.numbers[0] ?? 1)) refuse(`too long for ${column.sourceType}`)
    return
  }
  const bytes = MOST_BYTES[source.base]
  if (bytes === undefined || text.length * 4 <= bytes) return
  const length = charset === 'latin1' || charset === 'ascii' ? text.length : Buffer.byteLength(text, 'utf8')
  if (length > bytes) refuse(`too long for ${column.sourceType}`)
}

export const MOST_BYTES: Record<string, number> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 16_777_215,
  tinyblob: 255,
  blob: 65_535,
  mediumblob: 16_777_215,
}

/** Characters outside of a set; sets that are not named here are left to the server. MySQL's latin1 is windows-1252. */
const LACKING: Record<string, RegExp> = {
  utf8: /[\u{10000}-\u{10FFFF}]/u,
  utf8mb3: /[\u{10000}-\u{10FFFF}]/u,
  ucs2: /[\u{10000}-\u{10FFFF}]/u,
  // oxlint-disable-next-line no-control-regex -- the whole of ASCII
  ascii: /[^\u0000-\u007F]/,
  // oxlint-disable-next-line no-control-regex -- with the five controls that windows-1252 leaves open
  latin1: /[^\u0000-\u007F\u00A0-\u00FF\u0081\u008D\u008F\u0090\u009D€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]/,
}
