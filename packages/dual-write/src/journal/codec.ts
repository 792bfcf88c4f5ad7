/** One op as text: what a journal segment, and the outbox column in the target, hold. */
import { JournalError } from '../errors.ts'
import type { Cell, OpRecord } from '../model.ts'

/**
 * JSON in which every cell keeps its type. Null, booleans, finite numbers and ordinary text are themselves; the rest is an object with one key:
 * `i` an integer (bigint), `b` bytes as base64, `n` a number JSON has no word for, `u` text as base64 of UTF-16 (it holds U+0000 or half a
 * surrogate pair, which PostgreSQL refuses inside `jsonb` and cannot turn to `text`).
 */
type Coded = null | boolean | number | string | { i: string } | { b: string } | { n: string } | { u: string }

interface CodedRecord {
  c: string
  k: string[]
  r: Coded[][]
  at: string
  low: string | null
  m: boolean
}

/** Plain JSON text, safe in `json` and `jsonb` columns. `decodeRecord` gives the same record back, −0 as 0. Throws TypeError for what is no cell. */
export function encodeRecord(record: OpRecord): string {
  const coded: CodedRecord = {
    c: record.collection,
    k: record.columns,
    r: record.rows.map((row) => row.map(encodeCell)),
    at: String(record.at),
    low: record.low === null ? null : String(record.low),
    m: record.marked,
  }
  return JSON.stringify(coded)
}

/** The record of a text that `encodeRecord` made. Throws JournalError for anything else. */
export function decodeRecord(text: string): OpRecord {
  try {
    const coded = JSON.parse(text) as CodedRecord
    return {
      collection: coded.c,
      columns: coded.k,
      rows: coded.r.map((row) => row.map(decodeCell)),
      at: BigInt(coded.at),
      low: coded.low === null ? null : BigInt(coded.low),
      marked: coded.m,
    }
  } catch (cause) {
    throw new JournalError('this text is no record of a journal', cause)
  }
}

function encodeCell(cell: Cell): Coded {
  switch (typeof cell) {
    case 'string':
      return cell.includes('\0') || !cell.isWellFormed() ? { u: Buffer.from(cell, 'utf16le').toString('base64') } : cell
    case 'number':
      return Number.isFinite(cell) ? cell : { n: String(cell) }
    case 'bigint':
      return { i: String(cell) }
    case 'boolean':
      return cell
    default:
      if (cell === null) return null
      if (!(cell instanceof Uint8Array)) throw new TypeError(`a cell cannot be of type ${typeof cell}`)
      return { b: Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString('base64') }
  }
}

function decodeCell(coded: Coded): Cell {
  if (coded === null || typeof coded !== 'object') return coded
  if ('i' in coded) return BigInt(coded.i)
  if ('b' in coded) return new Uint8Array(Buffer.from(coded.b, 'base64'))
  if ('u' in coded) return Buffer.from(coded.u, 'base64').toString('utf16le')
  return Number(coded.n)
}
