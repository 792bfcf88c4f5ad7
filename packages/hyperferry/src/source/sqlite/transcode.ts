/** Values of SQLite's five storage classes as binary COPY fields, compiled per column. */
import { HyperferryError } from '../../errors.ts'
import type { PlannedColumn, PlannedTable } from '../../model.ts'
import { encodeBytea, encodeInet, encodeUuid, encodeUuidText } from '../../values/encode/binary.ts'
import { encodeJson } from '../../values/encode/json.ts'
import { encodeBool, encodeFloat, encodeIntChecked } from '../../values/encode/number.ts'
import { encodeNumericText } from '../../values/encode/numeric.ts'
import { reject } from '../../values/encode/reject.ts'
import { encodeText } from '../../values/encode/text.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { PgType } from '../../values/pgtype.ts'
import type { LossCode } from '../../values/reject-codes.ts'
import type { TupleWriter } from '../../values/tuple-writer.ts'
import { compileTime } from './times.ts'
import { Utf8 } from './utf8.ts'
import { ExactText } from './value.ts'
import type { SqliteValue } from './value.ts'

/** Writes one field. A value of TEXT comes as a string when that is exact, else as `ExactText`. @throws Reject */
export type FieldWriter = (w: TupleWriter, value: SqliteValue | ExactText) => void

export interface ColumnContext {
  table: PlannedTable
  /** Zone of times without one. */
  timezone: string
  onLoss: (code: LossCode, column: string) => void
}

/** Compiles the writer of one column. @throws HF-P022 for a target type that no value of SQLite becomes. */
export function compileColumn(column: PlannedColumn, context: ColumnContext): FieldWriter {
  const type = parsePgType(column.type)
  const write = compileValue(column, type, context)
  const isTime = context.table.kind === 'timeseries' && context.table.time?.column === column.name
  if (isTime) {
    return (w, value) => {
      if (value === null) return reject('HF-D001', 'NULL in the time column')
      write(w, value)
    }
  }
  if (!column.nullable) {
    return (w, value) => {
      if (value === null) return reject('HF-D013', 'NULL where the plan says that there is none')
      write(w, value)
    }
  }
  return (w, value) => {
    if (value === null) w.null_()
    else write(w, value)
  }
}

/** Writes a value that is not NULL. */
type ValueWriter = (w: TupleWriter, value: Exclude<SqliteValue, null> | ExactText) => void

function compileValue(column: PlannedColumn, type: PgType, context: ColumnContext): ValueWriter {
  switch (type.name) {
    case 'int2':
    case 'int4':
    case 'int8':
      return compileInteger(type)
    case 'numeric':
      return compileNumeric(type)
    case 'float4':
    case 'float8':
      return compileFloat(type)
    case 'bool':
      return compileBool()
    case 'text':
    case 'varchar':
    case 'bpchar':
      return compileText(column, type, context)
    case 'bytea':
      return compileBytea()
    case 'uuid':
      return compileUuid(column)
    case 'json':
    case 'jsonb':
      return compileJson(type)
    case 'inet':
      return (w, value) => encodeInet(w, textOnly(value, type))
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      const { table, timezone, onLoss } = context
      const isTime = table.kind === 'timeseries' && table.time?.column === column.name
      return compileTime(type, {
        rules: column.rules,
        timezone: column.rules.timezone ?? timezone,
        unusable: isTime ? 'HF-D001' : 'HF-D010',
        nullable: column.nullable && !isTime,
        onLoss: (code) => onLoss(code, column.source),
      })
    }
    default:
      throw new HyperferryError('HF-P022', {
        what: `column ${context.table.source}.${column.source}: no value of SQLite becomes ${type.text}`,
      })
  }
}

/** TEXT that reads as exactly one integer and would be written the same way. */
const INTEGER_TEXT = /^(?:0|-?[1-9]\d*)$/
/** The same for a decimal; zeros at the end are digits that numeric keeps. */
const DECIMAL_TEXT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/
const TWO_63 = 2 ** 63

function compileInteger(type: PgType): ValueWriter {
  const int8 = type.name === 'int8'
  return (w, value) => {
    if (typeof value === 'bigint') return int8 ? w.int8(value) : encodeIntChecked(w, value, type)
    if (typeof value === 'number') {
      if (!Number.isInteger(value)) return reject('HF-D010', `a REAL that is no whole number in ${type.text}`)
      if (value < -TWO_63 || value >= TWO_63) return reject('HF-D002', `out of range of ${type.text}`)
      return encodeIntChecked(w, BigInt(value), type)
    }
    if (typeof value === 'string' && INTEGER_TEXT.test(value)) return encodeIntChecked(w, BigInt(value), type)
    return wrongClass(value, type)
  }
}

function compileNumeric(type: PgType): ValueWriter {
  return (w, value) => {
    if (typeof value === 'bigint') return encodeIntChecked(w, value, type)
    if (typeof value === 'number') return encodeFloat(w, value, type)
    if (typeof value === 'string' && DECIMAL_TEXT.test(value)) return encodeNumericText(w, value, type)
    return wrongClass(value, type)
  }
}

function compileFloat(type: PgType): ValueWriter {
  const float8 = type.name === 'float8'
  return (w, value) => {
    if (typeof value === 'number') return float8 ? w.float8(value) : encodeFloat(w, value, type)
    if (typeof value === 'bigint') {
      const nearest = Number(value)
      if (BigInt(nearest) !== value) return reject('HF-D003', `an integer that is not exact as ${type.text}`)
      return encodeFloat(w, nearest, type)
    }
    if (typeof value === 'string' && String(Number(value)) === value) return encodeFloat(w, Number(value), type)
    return wrongClass(value, type)
  }
}

function compileBool(): ValueWriter {
  return (w, value) => {
    if (typeof value === 'bigint' || typeof value === 'number') return encodeBool(w, Number(value))
    return reject('HF-D010', 'a boolean that is neither 0 nor 1')
  }
}

function compileText(column: PlannedColumn, type: PgType, context: ColumnContext): ValueWriter {
  const { nul, invalidText } = column.rules
  const rules = { ...(nul && { nul }), ...(invalidText && { invalidText }) }
  const onLoss = (code: LossCode): void => context.onLoss(code, column.source)
  const utf8 = new Utf8()
  return (w, value) => {
    if (typeof value === 'string') {
      const length = utf8.encode(value)
      return encodeText(w, utf8.bytes, 0, length, rules, type, onLoss)
    }
    if (value instanceof ExactText) return encodeText(w, value.bytes, 0, value.bytes.length, rules, type, onLoss)
    if (value instanceof Uint8Array) return wrongClass(value, type)
    const length = utf8.encode(numberText(value))
    encodeText(w, utf8.bytes, 0, length, rules, type, onLoss)
  }
}

/** A number in a text column: integers plain, reals with the fewest digits that name them, and always with a sign that they are reals. */
function numberText(value: bigint | number): string {
  if (typeof value === 'bigint') return value.toString()
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text
}

function compileBytea(): ValueWriter {
  const utf8 = new Utf8()
  return (w, value) => {
    if (typeof value === 'string') {
      // The length first: encoding may take another buffer.
      const length = utf8.encode(value)
      return encodeBytea(w, utf8.bytes, 0, length)
    }
    if (value instanceof ExactText) return encodeBytea(w, value.bytes)
    if (value instanceof Uint8Array) return encodeBytea(w, value)
    return reject('HF-D010', 'a number in bytea')
  }
}

function compileUuid(column: PlannedColumn): ValueWriter {
  const swapped = column.rules.swappedUuid ?? false
  return (w, value) => {
    if (typeof value === 'string') return encodeUuidText(w, value)
    if (value instanceof Uint8Array) return encodeUuid(w, value, swapped)
    return reject('HF-D010', 'neither text nor sixteen bytes in uuid')
  }
}

function compileJson(type: PgType): ValueWriter {
  return (w, value) => {
    if (typeof value === 'string') return encodeJson(w, Buffer.from(value, 'utf8'), type)
    if (value instanceof ExactText) return encodeJson(w, value.bytes, type)
    // A column declared JSON has NUMERIC affinity: the document `1` is kept as an integer.
    if (typeof value === 'bigint') return encodeJson(w, Buffer.from(value.toString(), 'latin1'), type)
    if (typeof value === 'number' && Number.isFinite(value)) {
      return encodeJson(w, Buffer.from(Object.is(value, -0) ? '-0.0' : String(value), 'latin1'), type)
    }
    return wrongClass(value, type)
  }
}

function textOnly(value: unknown, type: PgType): string {
  return typeof value === 'string' ? value : reject('HF-D010', `no text in ${type.text}`)
}

function wrongClass(value: unknown, type: PgType): never {
  const kind =
    typeof value === 'number'
      ? 'a REAL'
      : typeof value === 'bigint'
        ? 'an INTEGER'
        : value instanceof Uint8Array
          ? 'a BLOB'
          : 'TEXT'
  return reject('HF-D010', `${kind} in ${type.text}`)
}
