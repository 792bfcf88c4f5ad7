/** Dropping rows of binary COPY tuples by the instant in their time column: those in `[from, to)` belong to somebody else. */
import { HyperferryError } from '../errors.ts'
import type { EncodedBatch } from '../model.ts'
import type { PgType } from './pgtype.ts'
import { MICROS_PER_DAY } from './time.ts'

export interface FilterColumn {
  /** Place of the time column among the fields. */
  place: number
  type: PgType
}

/** Instants as in `CompletionPoint`; half-open. */
export interface Instants {
  from: bigint
  to: bigint
}

/** PostgreSQL counts from 2000-01-01. */
const EPOCH_DAYS = 10_957n
const DAY = BigInt(MICROS_PER_DAY)

/**
 * Compiles the filter: it gives back the batch without the rows whose instant lies in `out`; the batch itself when none does. NULL and the infinities lie
 * nowhere and stay. What was rejected or lost stays noted. Throws HF-P023 for a type that cannot be a time column.
 */
export function compilePartFilter(column: FilterColumn, out: Instants): (batch: EncodedBatch) => EncodedBatch {
  const read = fieldReader(column.type)
  const [from, to] = [read.atLeast(out.from), read.atLeast(out.to)]
  return (batch) => {
    const view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
    const kept: number[] = []
    for (let row = 0; row < batch.rows; row += 1) {
      const raw = rawTime(view, startOf(batch, row), column.place, read)
      if (raw === null || raw < from || raw >= to) kept.push(row)
    }
    return kept.length === batch.rows ? batch : only(batch, kept)
  }
}

/** Whether a row of the batch has a time at all. */
export function anyTime(batch: EncodedBatch, column: FilterColumn): boolean {
  const read = fieldReader(column.type)
  const view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
  for (let row = 0; row < batch.rows; row += 1)
    if (rawTime(view, startOf(batch, row), column.place, read) !== null) return true
  return false
}

interface FieldReader {
  /** The number in the field; null for an infinity. */
  raw(view: DataView, at: number): bigint | null
  /** The smallest number of rows at or after an instant. */
  atLeast(instant: bigint): bigint
}

function fieldReader(type: PgType): FieldReader {
  switch (type.name) {
    case 'timestamptz':
    case 'timestamp':
      return {
        raw: (view, at) => finite(view.getBigInt64(at), 63n),
        atLeast: (instant) => instant - EPOCH_DAYS * DAY,
      }
    case 'date':
      return {
        raw: (view, at) => finite(BigInt(view.getInt32(at)), 31n),
        atLeast: (instant) => ceilDiv(instant, DAY) - EPOCH_DAYS,
      }
    case 'int8':
      return { raw: (view, at) => view.getBigInt64(at), atLeast: (instant) => instant }
    case 'int4':
      return { raw: (view, at) => BigInt(view.getInt32(at)), atLeast: (instant) => instant }
    case 'int2':
      return { raw: (view, at) => BigInt(view.getInt16(at)), atLeast: (instant) => instant }
    default:
      throw new HyperferryError('HF-P023', { what: `a column of type ${type.text} cannot be a time column` })
  }
}

/** The ends of the type stand for −∞ and ∞. */
function finite(raw: bigint, bits: bigint): bigint | null {
  return raw === -(1n << bits) || raw === (1n << bits) - 1n ? null : raw
}

// eslint-disable-next-line max-params -- where to look, and for what
function rawTime(view: DataView, start: number, place: number, read: FieldReader): bigint | null {
  let at = start + 2
  for (let field = 0; field < place; field += 1) at += 4 + Math.max(0, view.getInt32(at))
  return view.getInt32(at) < 0 ? null : read.raw(view, at + 4)
}

function only(batch: EncodedBatch, rows: readonly number[]): EncodedBatch {
  const ends = new Uint32Array(rows.length)
  const pieces = rows.map((row) => batch.bytes.subarray(startOf(batch, row), batch.ends[row]))
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0))
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    bytes.set(piece, at)
    at += piece.byteLength
    ends[index] = at
  }
  return { ...batch, rows: rows.length, bytes, ends }
}

function startOf(batch: EncodedBatch, row: number): number {
  return row === 0 ? 0 : (batch.ends[row - 1] ?? 0)
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return -(-a / b) + (a > 0n && a % b !== 0n ? 1n : 0n)
}
