/** Integers that are instants: epochs of a named unit, into an integer column or a time. */
import { DAY, dateText, floorDiv, floorTo, timestampText, unitOf } from './calendar.ts'
import type { ColumnContext } from './codec.ts'
import { integerOf } from './integer.ts'
import { inTimestamp, instantOf, momentOf } from './moment.ts'
import type { TargetType } from './target-type.ts'

export type Unit = 's' | 'ms' | 'us' | 'ns'

/** An integer; where the unit is known also a Date or ISO text, rounded down to it. */
export function epochOf(value: unknown, context: ColumnContext): bigint {
  const { unit, zone, lose } = context
  const isTime = value instanceof Date || (typeof value === 'string' && /^[+-]?\d{4,6}-\d\d-\d\d/.test(value.trim()))
  if (unit === null || !isTime) return integerOf(value)
  const moment = momentOf(value, lose)
  const micros = moment.kind === 'instant' ? moment.micros : instantOf(moment.micros, zone).micros
  const epoch = microsToEpoch(micros, unit)
  if (epochToMicros(epoch, unit) !== micros) lose('HF-L001')
  return epoch
}

/** Rounded down to what a time type of the target holds, and checked against its range. */
export function epochFor(epoch: bigint, unit: Unit, { target, lose }: ColumnContext): bigint {
  const micros = epochToMicros(epoch, unit)
  const kept = floorTo(micros, target.name === 'date' ? DAY : unitOf(target.precision))
  inTimestamp(kept, target.text)
  // Nothing to round: the number stays as it is, nanoseconds that are zeros included.
  const whole = microsToEpoch(kept, unit)
  if (whole === epoch) return epoch
  lose('HF-L001')
  return whole
}

export function epochToMicros(epoch: bigint, unit: Unit): bigint {
  return unit === 'ns' ? floorDiv(epoch, 1000n) : epoch * MICROS[unit]
}

function microsToEpoch(micros: bigint, unit: Unit): bigint {
  return unit === 'ns' ? micros * 1000n : floorDiv(micros, MICROS[unit])
}

const MICROS: Record<Exclude<Unit, 'ns'>, bigint> = { s: 1_000_000n, ms: 1000n, us: 1n }

/** An instant as the target's time type reads it. */
export function instantText(micros: bigint, target: TargetType): string {
  if (target.name === 'date') {
    const { date, era } = dateText(micros)
    return date + era
  }
  return timestampText(micros, target.name === 'timestamptz' ? '+00' : '')
}
