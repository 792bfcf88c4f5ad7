/** Rows of the binary protocol into binary COPY tuples: compiled once per read, then one call per row. */
import { HyperferryError } from '../../errors.ts'
import type { EncodedBatch, Loss, PlannedTable, RejectedRow, SourceTable } from '../../model.ts'
import { Reject, reject } from '../../values/encode/reject.ts'
import { describeBytes } from '../../values/text.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { LossCode } from '../../values/reject-codes.ts'
import { TupleWriter } from '../../values/tuple-writer.ts'
import { compileZone } from '../../values/zones.ts'
import { parseColumnType } from './column-type.ts'
import type { ColumnType } from './column-type.ts'
import type { FieldContext, WriteField } from './field.ts'
import { lossyCondition, UNCONVERTED } from './select.ts'
import { binaryField, geometryField, setField, textField } from './fields-bytes.ts'
import { bitField, decimalField, floatField, integerField } from './fields-number.ts'
import { momentField, timeField } from './fields-time.ts'
import type { WireColumn } from './raw-rows.ts'
import { Cursor, describeValue, WIRE } from './wire.ts'

/** Compiles all columns that are copied (generated ones are not). Throws HF-P022, HF-P023. */
export function compileTranscoder(table: PlannedTable, live: SourceTable, timezone: string): Transcoder {
  const columns = table.columns.filter((column) => column.generated === null)
  const writer = new TupleWriter(columns.length)
  const losses: PendingLoss[] = []
  const fields = columns.map((column): Field => {
    const source = parseColumnType(column.sourceType)
    const isTime = table.time?.column === column.name
    const context: FieldContext = {
      table: table.source,
      column,
      source,
      target: parsePgType(column.type),
      zone: compileZone(column.rules.timezone ?? timezone),
      required: isTime || !column.nullable,
      writer,
      onLoss: (code) => losses.push({ code, column: column.source }),
    }
    const stored = live.columns.find((one) => one.name === column.source)
    const converted = stored !== undefined && lossyCondition(stored) !== null
    return { name: column.source, source, isTime, converted, write: compileField(context) }
  })
  const names = fields.map((field) => field.name)
  const keyColumns = live.primaryKey
  const keys = keyColumns.length > 0 && keyColumns.every((key) => names.includes(key)) ? keyColumns : names
  return new Transcoder(table.source, fields, writer, { losses, keys })
}

interface Field {
  name: string
  source: ColumnType
  isTime: boolean
  /** May come with the mark of text that the server could not convert. */
  converted: boolean
  write: WriteField
}

interface PendingLoss {
  code: LossCode
  column: string
}

function compileField(context: FieldContext): WriteField {
  switch (context.source.base) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
      return integerField(context)
    case 'decimal':
      return decimalField(context)
    case 'float':
    case 'double':
      return floatField(context)
    case 'bit':
      return bitField(context)
    case 'date':
    case 'datetime':
    case 'timestamp':
      return momentField(context)
    case 'time':
      return timeField(context)
    case 'set':
      return setField(context)
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
    case 'vector':
      return binaryField(context)
    case 'geometry':
      return geometryField(context)
    default:
      return textField(context)
  }
}

/** Wire type the server must announce for a source type; length-coded ones differ by server and are all alike. */
function expectedWire(base: string): number {
  switch (base) {
    case 'tinyint':
      return WIRE.tiny
    case 'smallint':
      return WIRE.short
    case 'mediumint':
      return WIRE.int24
    case 'int':
      return WIRE.long
    case 'bigint':
      return WIRE.longlong
    case 'year':
      return WIRE.year
    case 'float':
      return WIRE.float
    case 'double':
      return WIRE.double
    case 'decimal':
      return WIRE.decimal
    case 'date':
      return WIRE.date
    case 'datetime':
      return WIRE.datetime
    case 'timestamp':
      return WIRE.timestamp
    case 'time':
      return WIRE.time
    default:
      return LENGTH_CODED
  }
}

const LENGTH_CODED = -1
const INTEGERS = new Set<number>([WIRE.tiny, WIRE.short, WIRE.long, WIRE.int24, WIRE.longlong])
const FIXED = new Set<number>([1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 246])

export class Transcoder {
  readonly #table: string
  readonly #fields: readonly Field[]
  readonly #writer: TupleWriter
  readonly #keys: readonly string[]
  readonly #cursor = new Cursor()
  readonly #losses: PendingLoss[]
  #counted = new Map<string, Loss>()
  #rejected: RejectedRow[] = []
  #rejectedBytes = 0
  #wires: readonly WireColumn[] = []

  // eslint-disable-next-line max-params -- made in one place
  constructor(
    table: string,
    fields: readonly Field[],
    writer: TupleWriter,
    { losses, keys }: { losses: PendingLoss[]; keys: readonly string[] },
  ) {
    this.#table = table
    this.#fields = fields
    this.#writer = writer
    this.#losses = losses
    this.#keys = keys
  }

  /** Bytes waiting to be taken. */
  get size(): number {
    return this.#writer.size + this.#rejectedBytes
  }

  /** The server's description of the columns. Throws HF-P021 when a type is not the one of the plan. */
  columns(wires: readonly WireColumn[]): void {
    this.#fields.forEach((field, i) => {
      const wire = wires[i]
      const expected = expectedWire(field.source.base)
      const fits = wire !== undefined && (expected === LENGTH_CODED ? !FIXED.has(wire.type) : wire.type === expected)
      const signed = wire !== undefined && INTEGERS.has(expected) && wire.unsigned !== field.source.unsigned
      if (!fits || signed) {
        throw new HyperferryError('HF-P021', {
          what: `${this.#table}.${field.name} is not of the type the plan was made for`,
        })
      }
    })
    this.#wires = wires
  }

  /** One row: encoded, or put among the rejected. */
  row(buffer: Buffer, start: number): void {
    const cursor = this.#cursor
    const fields = this.#fields
    const bitmap = start + 1
    cursor.moveTo(buffer, bitmap + ((fields.length + 9) >> 3))
    const writer = this.#writer
    writer.startRow()
    let i = 0
    try {
      for (const field of fields) {
        if (((buffer[bitmap + ((i + 2) >> 3)] ?? 0) & (1 << ((i + 2) & 7))) === 0) field.write(cursor)
        else if (field.isTime) reject('HF-D001', 'NULL in the time column')
        else writer.null_()
        i += 1
      }
      writer.endRow()
      if (this.#losses.length > 0) this.#countLosses()
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      writer.abortRow()
      this.#losses.length = 0
      this.#reject(error, fields[i]?.name ?? null, start)
    }
  }

  /** Hands over what was encoded since the last call. */
  take(): EncodedBatch {
    const { rows, bytes, ends } = this.#writer.take()
    const batch = { rows, bytes, ends, rejected: this.#rejected, losses: [...this.#counted.values()] }
    this.#rejected = []
    this.#rejectedBytes = 0
    this.#counted = new Map()
    return batch
  }

  #countLosses(): void {
    for (const { code, column } of this.#losses) {
      const id = `${code} ${column}`
      const loss = this.#counted.get(id)
      if (loss) loss.count += 1
      else this.#counted.set(id, { code, column, count: 1 })
    }
    this.#losses.length = 0
  }

  #reject(why: Reject, column: string | null, start: number): void {
    const cursor = this.#cursor
    const { buffer } = cursor
    const bitmap = start + 1
    cursor.at = bitmap + ((this.#fields.length + 9) >> 3)
    const values: Record<string, string | null> = {}
    this.#fields.forEach((field, i) => {
      const isNull = ((buffer[bitmap + ((i + 2) >> 3)] ?? 0) & (1 << ((i + 2) & 7))) !== 0
      values[field.name] = isNull ? null : describeField(cursor, this.#wires[i]?.type ?? 0, field)
      this.#rejectedBytes += 64 + (values[field.name]?.length ?? 0)
    })
    const key = Object.fromEntries(this.#keys.map((name) => [name, values[name] ?? null]))
    this.#rejected.push({ code: why.code, column, reason: why.reason, sqlstate: null, key, values })
  }
}

/** Without the mark: the bytes as they are stored. */
function describeField(cursor: Cursor, wire: number, { source, converted }: Field): string {
  if (!converted) return describeValue(cursor, wire, source)
  const bytes = cursor.bytes()
  return bytes[0] === UNCONVERTED ? `\\x${bytes.toString('hex', 1)}` : describeBytes(bytes)
}
