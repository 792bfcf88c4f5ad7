/** Second opinion on text, bytes, UUIDs and JSON: hex made by SQLite, checked and put right by the platform's own decoders. */
import { createHash } from 'node:crypto'
import { LONG_VALUE_BYTES } from '../source.ts'
import { LEFT_OUT } from './second-rendering.ts'
import type { Rendering, SecondColumn } from './second-rendering.ts'
import { isNegativeZeroSql, plainDecimal, shortest } from './second-numbers.ts'

/** text, varchar(n), char(n). */
export function canonicalText({ sql, type, column, encoding }: SecondColumn): Rendering {
  const { nul = 'quarantine', invalidText = 'quarantine' } = column.rules
  return {
    sql: [
      `typeof(${sql})`,
      `CASE typeof(${sql}) WHEN 'real' THEN quote(${sql}) WHEN 'integer' THEN CAST(${sql} AS TEXT) ELSE hex(${sql}) END`,
      isNegativeZeroSql(sql),
    ],
    finish([kind, shown, isNegativeZero]) {
      if (kind === 'blob' || typeof shown !== 'string') return LEFT_OUT
      const number =
        kind === 'integer' ? shown : isNegativeZero === 1n ? '-0.0' : kind === 'real' ? realAsText(shown) : null
      let text = number ?? decode(shown, encoding)
      if (text === null) {
        if (invalidText === 'quarantine') return LEFT_OUT
        text = repair(shown, encoding, invalidText)
        if (text === null) return LEFT_OUT
      }
      if (text.includes('\0')) {
        if (nul === 'quarantine') return LEFT_OUT
        text = text.split('\0').join(nul === 'strip' ? '' : '\uFFFD')
      }
      if (type.name === 'bpchar') text = text.replace(/ +$/, '')
      if (type.length !== null && Array.from(text).length > type.length) return LEFT_OUT
      return shortened(hexOf(text))
    },
  }
}

export function canonicalBytes({ sql, encoding }: SecondColumn): Rendering {
  return {
    // A long blob is hashed as it is: its hex would be four times as large in memory, and has a limit.
    sql: [
      `typeof(${sql})`,
      `CASE WHEN typeof(${sql}) = 'blob' AND length(${sql}) > ${LONG_VALUE_BYTES} THEN ${sql} ELSE hex(${sql}) END`,
    ],
    finish([kind, hex]) {
      if (hex instanceof Uint8Array) return `#${hex.length}:${createHash('sha256').update(hex).digest('hex')}`
      if (typeof hex !== 'string' || kind === 'integer' || kind === 'real') return LEFT_OUT
      if (kind === 'blob' || encoding === 'UTF-8') return shortened(hex.toLowerCase())
      const text = decode(hex, encoding)
      return shortened(text === null ? loneSurrogates(hex, encoding) : hexOf(text))
    },
  }
}

export function canonicalUuid({ sql, column }: SecondColumn): Rendering {
  const swapped = column.rules.swappedUuid === true
  return {
    sql: [`typeof(${sql})`, `CASE typeof(${sql}) WHEN 'blob' THEN lower(hex(${sql})) ELSE lower(${sql}) END`],
    finish([kind, shown]) {
      if (typeof shown !== 'string') return LEFT_OUT
      if (kind === 'text' && !/^(?:\{[0-9a-f-]+\}|[0-9a-f-]+)$/.test(shown)) return LEFT_OUT
      if (kind === 'text' && shown.includes('-') && !/^\{?.{8}-.{4}-.{4}-.{4}-.{12}\}?$/.test(shown)) return LEFT_OUT
      const hex = shown.replace(/[{}-]/g, '')
      if (hex.length !== 32 || (kind !== 'text' && kind !== 'blob')) return LEFT_OUT
      const [a, b, c] =
        swapped && kind === 'blob'
          ? [hex.slice(8, 16), hex.slice(4, 8), hex.slice(0, 4)]
          : [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)]
      return `${a}-${b}-${c}-${hex.slice(16, 20)}-${hex.slice(20)}`
    },
  }
}

export function canonicalJson({ sql, type, encoding }: SecondColumn): Rendering {
  return {
    sql: [
      `typeof(${sql})`,
      `CASE typeof(${sql}) WHEN 'real' THEN quote(${sql}) WHEN 'integer' THEN CAST(${sql} AS TEXT) ELSE hex(${sql}) END`,
    ],
    finish([kind, shown]) {
      if (kind === 'blob' || typeof shown !== 'string') return LEFT_OUT
      if (kind === 'integer') return hexOf(shown)
      if (kind === 'real')
        return Number.isFinite(Number(shown)) ? hexOf(plainDecimal(shortest(Number(shown)))) : LEFT_OUT
      const text = decode(shown, encoding)
      if (text === null || text.startsWith('\uFEFF')) return LEFT_OUT
      try {
        const value: unknown = JSON.parse(text)
        if (type.name === 'jsonb' && !jsonbHolds(value)) return LEFT_OUT
      } catch {
        return LEFT_OUT
      }
      return hexOf(text)
    },
  }
}

/** jsonb has no U+0000 and no half of a pair in its strings. */
function jsonbHolds(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && !LONE.test(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, inner]) => jsonbHolds(key) && jsonbHolds(inner))
}

const LONE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/
const DECODERS = {
  'UTF-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  'UTF-16le': new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
  'UTF-16be': new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }),
}

/** null when the bytes are not valid in the database's encoding. */
function decode(hex: string, encoding: SecondColumn['encoding']): string | null {
  try {
    return DECODERS[encoding].decode(Buffer.from(hex, 'hex'))
  } catch {
    return null
  }
}

const LATIN = [
  '\u20ac',
  '',
  '\u201a',
  '\u0192',
  '\u201e',
  '\u2026',
  '\u2020',
  '\u2021',
  '\u02c6',
  '\u2030',
  '\u0160',
  '\u2039',
  '\u0152',
  '',
  '\u017d',
  '',
]
const LATIN_HIGH = [
  '',
  '\u2018',
  '\u2019',
  '\u201c',
  '\u201d',
  '\u2022',
  '\u2013',
  '\u2014',
  '\u02dc',
  '\u2122',
  '\u0161',
  '\u203a',
  '\u0153',
  '',
  '\u017e',
  '\u0178',
]

function repair(hex: string, encoding: SecondColumn['encoding'], rule: 'replace' | 'windows-1252'): string | null {
  // What the copy sees of a UTF-16 database is its UTF-8: there a lone surrogate is three bytes.
  const bytes = Buffer.from(encoding === 'UTF-8' ? hex : loneSurrogates(hex, encoding), 'hex')
  if (rule === 'replace') return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  let text = ''
  for (const byte of bytes) {
    const special =
      byte < 0x80 || byte > 0x9f ? String.fromCharCode(byte) : ([...LATIN, ...LATIN_HIGH][byte - 0x80] ?? '')
    if (special === '') return null
    text += special
  }
  return text
}

/** UTF-8 in hex, each lone surrogate as the three bytes it would have. */
function loneSurrogates(hex: string, encoding: SecondColumn['encoding']): string {
  const units = hex.match(/[0-9A-Fa-f]{4}/g) ?? []
  const codes = units.map((unit) => parseInt(encoding === 'UTF-16be' ? unit : unit.slice(2) + unit.slice(0, 2), 16))
  let out = ''
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] ?? 0
    const next = codes[i + 1] ?? 0
    if (code >= 0xd800 && code < 0xdc00 && next >= 0xdc00 && next < 0xe000) {
      out += hexOf(String.fromCharCode(code, next))
      i += 1
    } else if (code >= 0xd800 && code < 0xe000) {
      out += [0xe0 + (code >> 12), 0x80 + ((code >> 6) % 64), 0x80 + (code % 64)]
        .map((byte) => byte.toString(16))
        .join('')
    } else out += hexOf(String.fromCharCode(code))
  }
  return out
}

/** A REAL among texts: fewest digits, and always to be told from an integer. */
function realAsText(quoted: string): string {
  const text = String(Number(quoted))
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

function hexOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex')
}

/** Length and hash of a long value: a sample must fit in memory. */
function shortened(hex: string): string {
  if (hex.length <= 2 * LONG_VALUE_BYTES) return hex
  return `#${hex.length / 2}:${createHash('sha256').update(hex, 'hex').digest('hex')}`
}
