/** What is seen of one column's values: a histogram of storage classes, and for each class what decides about types. */
import { isUtf8 } from 'node:buffer'
import { encodeJson } from '../../values/encode/json.ts'
import { Reject } from '../../values/encode/reject.ts'
import { parsePgType } from '../../values/pgtype.ts'
import { parseIsoInstant } from '../../values/time.ts'
import { TupleWriter } from '../../values/tuple-writer.ts'
import { EPOCH_UNITS, unitOf } from './epoch.ts'
import type { TimeUnit } from '../../model.ts'
import type { SqliteValue } from './value.ts'
import { ExactText } from './value.ts'

/** Distinct values are counted up to here. */
const DISTINCT_LIMIT = 20_000
/** Decimals declared with scale need the exact test of the encoder. */
export interface Declared {
  /** DECIMAL(p,s) and the like. */
  decimal: { precision: number; scale: number } | null
  /** Whether the declared name speaks of JSON. */
  json: boolean
}

export class ColumnProfile {
  nulls = 0
  readonly integers = {
    count: 0,
    min: 0n,
    max: 0n,
    zeroOne: 0,
    beyond53: 0,
    units: { s: 0, ms: 0, us: 0, ns: 0 } as Record<TimeUnit, number>,
    misfit: 0,
    julian: 0,
  }
  readonly reals = { count: 0, min: 0, max: 0, infinite: 0, epoch: 0, julian: 0, misfit: 0 }
  readonly texts = {
    count: 0,
    longest: 0,
    nul: 0,
    invalid: 0,
    iso: 0,
    dateOnly: 0,
    offset: 0,
    fine: 0,
    zeroDate: 0,
    timeOfDay: 0,
    stray: 0,
    uuid: 0,
    /** UUIDs in capitals and in small letters. */
    capitals: 0,
    smalls: 0,
    booleans: 0,
    json: 0,
    jsonOnly: 0,
    shapes: new Set<string>(),
  }
  readonly blobs = { count: 0, longest: 0, sixteen: 0 }
  readonly distinct = new Set<SqliteValue>()
  private readonly declared: Declared

  constructor(declared: Declared) {
    this.declared = declared
  }

  /** Values that are not NULL. */
  get values(): number {
    return this.integers.count + this.reals.count + this.texts.count + this.blobs.count
  }

  add(value: SqliteValue | ExactText): void {
    if (value === null) {
      this.nulls += 1
      return
    }
    if (this.distinct.size < DISTINCT_LIMIT) this.distinct.add(distinctKey(value))
    if (typeof value === 'bigint') this.addInteger(value)
    else if (typeof value === 'number') this.addReal(value)
    else if (typeof value === 'string') this.addText(value)
    else if (value instanceof ExactText) this.addExactText(value.bytes)
    else this.addBlob(value)
  }

  private addInteger(value: bigint): void {
    const seen = this.integers
    if (seen.count === 0 || value < seen.min) seen.min = value
    if (seen.count === 0 || value > seen.max) seen.max = value
    seen.count += 1
    if (value === 0n || value === 1n) seen.zeroOne += 1
    if (value > 9007199254740992n || value < -9007199254740992n) seen.beyond53 += 1
    const unit = unitOf(value)
    if (unit !== null) seen.units[unit] += 1
    if (value >= 2_440_953n && value <= 2_488_435n) seen.julian += 1
    const { decimal } = this.declared
    if (decimal && (value < 0n ? -value : value) >= 10n ** BigInt(Math.max(0, decimal.precision - decimal.scale)))
      seen.misfit += 1
  }

  private addReal(value: number): void {
    const seen = this.reals
    if (seen.count === 0 || value < seen.min) seen.min = value
    if (seen.count === 0 || value > seen.max) seen.max = value
    seen.count += 1
    if (!Number.isFinite(value)) seen.infinite += 1
    if (value >= EPOCH_UNITS.s.min && value <= EPOCH_UNITS.s.max) seen.epoch += 1
    if (value >= 2_440_952.5 && value <= 2_488_435) seen.julian += 1
    const { decimal } = this.declared
    if (decimal && !fits(value, decimal)) seen.misfit += 1
  }

  private addText(text: string): void {
    const seen = this.texts
    seen.count += 1
    if (text.length > seen.longest) seen.longest = text.length
    if (text.includes('\0')) seen.nul += 1
    if (text.length <= 40) this.addShort(text)
    if (this.declared.json) this.addJson(text)
  }

  /** Texts short enough for a time, a UUID or a word. */
  private addShort(text: string): void {
    const seen = this.texts
    const first = text.charCodeAt(0)
    if (first >= 0x30 && first <= 0x39) {
      const instant = parseIsoInstant(text)
      if (instant !== null && text === text.trim()) {
        seen.iso += 1
        if (text.length === 10) seen.dateOnly += 1
        if (instant.offsetMinutes !== null) seen.offset += 1
        if (instant.floored) seen.fine += 1
        if (instant.days < 365 || instant.days > 47_846) seen.stray += 1
        if (seen.shapes.size < 8) seen.shapes.add(text.replace(/\d/g, '0'))
      } else if (ZERO_DATE.test(text)) seen.zeroDate += 1
      else if (TIME_OF_DAY.test(text)) seen.timeOfDay += 1
    }
    if (text.length === 36 && UUID.test(text)) {
      seen.uuid += 1
      if (/[A-F]/.test(text)) seen.capitals += 1
      if (/[a-f]/.test(text)) seen.smalls += 1
    }
    if (text.length <= 5 && BOOLEAN_WORDS.has(text.toLowerCase())) seen.booleans += 1
  }

  private addJson(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    if (accepts(bytes, JSONB)) this.texts.json += 1
    else if (accepts(bytes, JSON_TYPE)) this.texts.jsonOnly += 1
  }

  private addExactText(bytes: Uint8Array): void {
    if (isUtf8(bytes)) return this.addText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'))
    const seen = this.texts
    seen.count += 1
    seen.invalid += 1
    if (bytes.includes(0)) seen.nul += 1
    if (bytes.length > seen.longest) seen.longest = bytes.length
  }

  private addBlob(bytes: Uint8Array): void {
    const seen = this.blobs
    seen.count += 1
    if (bytes.length > seen.longest) seen.longest = bytes.length
    if (bytes.length === 16) seen.sixteen += 1
  }
}

const ZERO_DATE = /^(?:0000-\d\d-\d\d|\d{4}-00-\d\d|\d{4}-\d\d-00)/
const TIME_OF_DAY = /^\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const BOOLEAN_WORDS = new Set(['true', 'false', 't', 'f', 'yes', 'no', 'y', 'n', 'on', 'off'])
const JSONB = parsePgType('jsonb')
const JSON_TYPE = parsePgType('json')
const scratch = new TupleWriter(1)

function accepts(bytes: Uint8Array, type: typeof JSONB): boolean {
  try {
    scratch.startRow()
    encodeJson(scratch, bytes, type)
    return true
  } catch (error) {
    if (error instanceof Reject) return false
    throw error
  } finally {
    scratch.abortRow()
  }
}

function fits(value: number, { precision, scale }: { precision: number; scale: number }): boolean {
  if (!Number.isFinite(value) || Math.abs(value) >= 10 ** (precision - scale)) return false
  return Number(value.toFixed(Math.min(scale, 100))) === value
}

function distinctKey(value: Exclude<SqliteValue, null> | ExactText): SqliteValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1').slice(0, 64)
  if (value instanceof ExactText) return Buffer.from(value.bytes).toString('latin1').slice(0, 64)
  return typeof value === 'string' && value.length > 64 ? value.slice(0, 64) : value
}
