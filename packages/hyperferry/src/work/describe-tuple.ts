/** A binary COPY tuple as text, for rows the target would not even parse. For people: it need not be how PostgreSQL prints. */
import type { PgType } from '../values/pgtype.ts'
import { describeBytes } from '../values/text.ts'

/** One text per field, null for NULL. Types without a simple form are shown as `\x…`. */
export function describeTuple(
  types: readonly PgType[],
  bytes: Uint8Array,
  start: number,
  end: number,
): (string | null)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const texts: (string | null)[] = []
  let at = start + 2
  for (const type of types) {
    if (at + 4 > end) break
    const length = view.getInt32(at)
    at += 4
    if (length < 0) {
      texts.push(null)
      continue
    }
    texts.push(describeField(type, new DataView(bytes.buffer, bytes.byteOffset + at, length)))
    at += length
  }
  return texts
}

function describeField(type: PgType, field: DataView): string {
  const bytes = new Uint8Array(field.buffer, field.byteOffset, field.byteLength)
  const fixed = fixedForms[type.name]
  if (fixed !== undefined && fixed.length === field.byteLength) return fixed.text(field)
  if (plainText.has(type.name)) return describeBytes(bytes)
  if (type.name === 'jsonb') return describeBytes(bytes.subarray(1))
  return `\\x${Buffer.from(bytes).toString('hex')}`
}

const plainText = new Set(['text', 'varchar', 'bpchar', 'json'])

/** Microseconds and days count from 2000-01-01 on the wire; said so instead of rendered. */
const fixedForms: Record<string, { length: number; text: (field: DataView) => string } | undefined> = {
  bool: { length: 1, text: (field) => String(field.getUint8(0) !== 0) },
  int2: { length: 2, text: (field) => String(field.getInt16(0)) },
  int4: { length: 4, text: (field) => String(field.getInt32(0)) },
  int8: { length: 8, text: (field) => String(field.getBigInt64(0)) },
  float4: { length: 4, text: (field) => numberText(field.getFloat32(0)) },
  float8: { length: 8, text: (field) => numberText(field.getFloat64(0)) },
  date: { length: 4, text: (field) => `2000-01-01 + ${field.getInt32(0)} days` },
  time: { length: 8, text: (field) => `00:00:00 + ${field.getBigInt64(0)} µs` },
  timestamp: { length: 8, text: (field) => `2000-01-01 + ${field.getBigInt64(0)} µs` },
  timestamptz: { length: 8, text: (field) => `2000-01-01Z + ${field.getBigInt64(0)} µs` },
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
