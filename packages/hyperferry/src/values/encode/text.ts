/** Text: always valid UTF-8 without NUL, and not longer than the type allows. */
import { isUtf8 } from 'node:buffer'
import type { ColumnRules } from '../../model.ts'
import type { PgType } from '../pgtype.ts'
import type { LossCode } from '../reject-codes.ts'
import { MAX_FIELD_BYTES } from '../tuple-writer.ts'
import type { TupleWriter } from '../tuple-writer.ts'
import { reject } from './reject.ts'
import { decodeWindows1252 } from './windows-1252.ts'

export type TextRules = Pick<ColumnRules, 'nul' | 'invalidText'>

/**
 * Text, varchar(n) or char(n) from bytes that should be UTF-8. Trailing spaces of char(n) are padding and not sent.
 * @throws Reject HF-D006 for NUL, HF-D007 for invalid text, HF-D012 when too long: nothing is cut.
 */
// eslint-disable-next-line max-params -- hot path: no object per value
export function encodeText(
  w: TupleWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
  rules: TextRules,
  type: PgType,
  onLoss: (code: LossCode) => void,
): void {
  const found = inspect(bytes, start, end)
  if (found === PLAIN) return write(w, bytes, start, end, type, true)
  let text = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
  if ((found & HIGH) !== 0 && !isUtf8(text)) text = repairText(text, rules, onLoss)
  if ((found & NUL) !== 0) text = repairNul(text, rules, onLoss)
  write(w, text, 0, text.length, type, false)
}

const PLAIN = 0
const HIGH = 1
const NUL = 2

/** Most text is ASCII and short: one pass says so, and spares the rest. */
function inspect(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 256) {
    const part = bytes.subarray(start, end)
    return HIGH | (part.includes(0) ? NUL : 0)
  }
  let seen = 0
  let nul = PLAIN
  for (let i = start; i < end; i += 1) {
    const c = bytes[i] ?? 0
    seen |= c
    if (c === 0) nul = NUL
  }
  return (seen > 0x7f ? HIGH : PLAIN) | nul
}

// eslint-disable-next-line max-params -- hot path: no object per value
function write(w: TupleWriter, bytes: Uint8Array, start: number, end: number, type: PgType, ascii: boolean): void {
  let last = end
  if (type.name === 'bpchar') while (last > start && bytes[last - 1] === 0x20) last -= 1
  if (last - start > MAX_FIELD_BYTES) reject('HF-D012', 'more than 1 GB')
  // As many bytes as characters are allowed cannot be too many characters.
  if (type.length !== null && last - start > type.length) {
    if (ascii || characters(bytes, start, last) > type.length) reject('HF-D012', `too long for ${type.text}`)
  }
  w.bytes(bytes, start, last)
}

/** Code points of valid UTF-8. */
function characters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  for (let i = start; i < end; i += 1) if (((bytes[i] ?? 0) & 0xc0) !== 0x80) count += 1
  return count
}

function repairText(text: Uint8Array, rules: TextRules, onLoss: (code: LossCode) => void): Uint8Array {
  switch (rules.invalidText) {
    case 'replace':
      onLoss('HF-L004')
      return replaceInvalid(text)
    case 'windows-1252': {
      const decoded = decodeWindows1252(text)
      if (decoded === null) return reject('HF-D007', 'neither UTF-8 nor windows-1252')
      onLoss('HF-L004')
      return decoded
    }
    default:
      return reject('HF-D007', 'not valid UTF-8')
  }
}

function repairNul(text: Uint8Array, rules: TextRules, onLoss: (code: LossCode) => void): Uint8Array {
  if (rules.nul !== 'strip' && rules.nul !== 'replace') return reject('HF-D006', 'NUL byte')
  onLoss('HF-L003')
  if (rules.nul === 'strip') return text.filter((c) => c !== 0)
  return replaceNul(text)
}

/** In bytes: a long text does not fit a string. */
function replaceNul(text: Uint8Array): Uint8Array {
  let count = 0
  for (const c of text) if (c === 0) count += 1
  const out = new Uint8Array(text.length + count * 2)
  let at = 0
  for (const c of text) {
    if (c === 0) {
      out.set(REPLACEMENT, at)
      at += REPLACEMENT.length
    } else {
      out[at] = c
      at += 1
    }
  }
  return out
}

/** U+FFFD for what is not UTF-8, as browsers place it; in pieces, because a long text does not fit a string. */
function replaceInvalid(text: Uint8Array): Uint8Array {
  // ignoreBOM: a byte order mark is part of the value.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const pieces: Buffer[] = []
  for (let at = 0; at < text.length; at += PIECE) {
    const stream = at + PIECE < text.length
    pieces.push(Buffer.from(decoder.decode(text.subarray(at, at + PIECE), { stream }), 'utf8'))
  }
  return Buffer.concat(pieces)
}

const REPLACEMENT = Buffer.from('\ufffd', 'utf8')
const PIECE = 16 * 1024 * 1024
