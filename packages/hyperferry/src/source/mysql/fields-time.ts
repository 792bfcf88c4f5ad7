/** DATE, DATETIME, TIMESTAMP and TIME. */
import { HyperferryError } from '../../errors.ts'
import { reject } from '../../values/encode/reject.ts'
import { encodeText } from '../../values/encode/text.ts'
import {
  encodeDateDays,
  encodeIntervalMicros,
  encodeTimeMicros,
  encodeTimestampParts,
  encodeWallParts,
} from '../../values/encode/timestamp.ts'
import { daysFromCivil, isDate, parseIsoInstant } from '../../values/time.ts'
import { noTranscoder } from './field.ts'
import type { FieldContext, WriteField } from './field.ts'
import { Moment, momentText, readTime, timeText } from './wire.ts'

/** Throws HF-P022 for a target that holds no time, HF-P023 for a zeroDate that is no date. */
export function momentField(context: FieldContext): WriteField {
  const { target, writer, source, onLoss } = context
  const moment = new Moment()
  if (target.name === 'text' || target.name === 'varchar') {
    // As text even a zero date is kept.
    return (cursor) => {
      moment.read(cursor)
      const bytes = Buffer.from(momentText(moment, source.base === 'date', source.numbers[0] ?? 0), 'latin1')
      encodeText(writer, bytes, 0, bytes.length, {}, target, onLoss)
    }
  }
  const write = partsWriter(context)
  const onZero = zeroRule(context, write)
  return (cursor) => {
    moment.read(cursor)
    const { year, month, day } = moment
    if (month === 0 || day === 0) return onZero()
    // ALLOW_INVALID_DATES lets 31 February in.
    if (!isDate(year, month, day)) return reject('HF-D004', 'a day that is in no calendar')
    write(daysFromCivil(year, month, day), moment.micros)
  }
}

type WriteParts = (days: number, micros: number) => void

function partsWriter(context: FieldContext): WriteParts {
  const { target, writer, source, zone, onLoss } = context
  const onFloor = (): void => onLoss('HF-L001')
  switch (target.name) {
    case 'date':
      return (days, micros) => {
        if (micros !== 0) onFloor()
        encodeDateDays(writer, days)
      }
    case 'timestamp':
      return (days, micros) => encodeTimestampParts(writer, days, micros, target, onFloor)
    case 'timestamptz': {
      // TIMESTAMP is an instant, read with the session's zone UTC; the others are wall-clock values.
      if (source.base === 'timestamp' || zone.isUtc) {
        return (days, micros) => encodeTimestampParts(writer, days, micros, target, onFloor)
      }
      const losses = { onFloor, onFold: (): void => onLoss('HF-L005') }
      return (days, micros) => encodeWallParts(writer, days, micros, zone, target, losses)
    }
    default:
      throw noTranscoder(context)
  }
}

/** What to do with 0000-00-00 and dates with a zero month or day. */
function zeroRule(context: FieldContext, write: WriteParts): () => void {
  const { column, table, required, writer, onLoss } = context
  const rule = column.rules.zeroDate ?? 'quarantine'
  if (rule === 'quarantine' || (rule === 'null' && required)) return () => reject('HF-D005', 'zero date')
  if (rule === 'null') {
    return () => {
      onLoss('HF-L002')
      writer.null_()
    }
  }
  const instead = parseIsoInstant(rule)
  if (instead === null) {
    throw new HyperferryError('HF-P023', {
      what: `${table}.${column.source}: zeroDate ${JSON.stringify(rule)} is no date`,
      hint: 'Write null, quarantine or an ISO date such as 1970-01-01.',
    })
  }
  return () => {
    onLoss('HF-L002')
    write(instead.days, instead.microsOfDay)
  }
}

/** TIME: a time of day or a duration up to ±838:59:59.999999. Throws HF-P022. */
export function timeField(context: FieldContext): WriteField {
  const { target, writer, source, onLoss } = context
  const onFloor = (): void => onLoss('HF-L001')
  switch (target.name) {
    case 'time':
      return (cursor) => encodeTimeMicros(writer, readTime(cursor), target, onFloor)
    case 'interval':
      return (cursor) => encodeIntervalMicros(writer, BigInt(readTime(cursor)), target, onFloor)
    case 'text':
    case 'varchar':
      return (cursor) => {
        const bytes = Buffer.from(timeText(readTime(cursor), source.numbers[0] ?? 0), 'latin1')
        encodeText(writer, bytes, 0, bytes.length, {}, target, onLoss)
      }
    default:
      throw noTranscoder(context)
  }
}
