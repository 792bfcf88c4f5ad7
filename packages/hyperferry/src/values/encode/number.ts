/** Integers, floats and booleans into number fields: exact or refused. */
import type { PgType } from '../pgtype.ts'
import type { TupleWriter } from '../tuple-writer.ts'
import { encodeNumericBigint, encodeNumericDouble, encodeNumericInteger } from './numeric.ts'
import { reject } from './reject.ts'

/**
 * An integer into smallint, integer, bigint, numeric, real, double precision or boolean. A `number` must be a safe integer.
 * @throws Reject HF-D002 out of range, HF-D003 not exact as a float, HF-D010 for a boolean that is not 0 or 1.
 */
export function encodeIntChecked(w: TupleWriter, v: bigint | number, type: PgType): void {
  switch (type.name) {
    case 'int2':
      if (v < -32768 || v > 32767) outOfRange(type)
      return w.int2(Number(v))
    case 'int4':
      if (v < -2147483648 || v > 2147483647) outOfRange(type)
      return w.int4(Number(v))
    case 'int8':
      if (typeof v === 'number') return w.int8n(v)
      if (v < -9223372036854775808n || v > 9223372036854775807n) outOfRange(type)
      return w.int8(v)
    case 'numeric':
      return typeof v === 'number' ? encodeNumericInteger(w, v, type) : encodeNumericBigint(w, v, type)
    case 'float4':
    case 'float8': {
      const double = Number(v)
      if (typeof v === 'bigint' && (!Number.isFinite(double) || BigInt(double) !== v)) inexact(type)
      return encodeFloat(w, double, type)
    }
    case 'bool':
      return encodeBool(w, v)
    default:
      return reject('HF-D010', `an integer where ${type.text} is expected`)
  }
}

/**
 * A double into real (only when it is one exactly), double precision, numeric (see `encodeNumericDouble`) or an integer type (only when it is whole).
 * −0, NaN and the infinities are kept in floats.
 * @throws Reject HF-D002 out of range, HF-D003 not exact.
 */
export function encodeFloat(w: TupleWriter, v: number, type: PgType): void {
  switch (type.name) {
    case 'float8':
      return w.float8(v)
    case 'float4': {
      const nearest = Math.fround(v)
      if (!Object.is(nearest, v)) {
        if (Number.isFinite(v) && !Number.isFinite(nearest)) outOfRange(type)
        inexact(type)
      }
      return w.float4(v)
    }
    case 'numeric':
      return encodeNumericDouble(w, v, type)
    default:
      if (!Number.isFinite(v)) outOfRange(type)
      if (!Number.isInteger(v)) inexact(type)
      return encodeIntChecked(w, Number.isSafeInteger(v) ? v : BigInt(v), type)
  }
}

/** @throws Reject HF-D010 for anything but 0 and 1. */
export function encodeBool(w: TupleWriter, v: bigint | number): void {
  const value = Number(v)
  if (value !== 0 && value !== 1) reject('HF-D010', 'a boolean that is neither 0 nor 1')
  w.bool(value === 1)
}

function outOfRange(type: PgType): never {
  return reject('HF-D002', `out of range of ${type.text}`)
}

function inexact(type: PgType): never {
  return reject('HF-D003', `not exact as ${type.text}`)
}
