/** Which unit an epoch number is in, told by its magnitude: the units' ranges for 1971–2100 do not overlap. */
import type { TimeUnit } from '../../model.ts'

/** 1971-01-01 and 2101-01-01 in each unit. */
export const EPOCH_UNITS: Record<TimeUnit, { min: number; max: number }> = {
  s: { min: 31_536_000, max: 4_133_980_800 },
  ms: { min: 31_536_000_000, max: 4_133_980_800_000 },
  us: { min: 31_536_000_000_000, max: 4_133_980_800_000_000 },
  ns: { min: 31_536_000_000_000_000, max: 4_133_980_800_000_000_000 },
}

/** null when the number is no instant of 1971–2100 in any unit. */
export function unitOf(value: bigint): TimeUnit | null {
  const number = Number(value)
  if (number < EPOCH_UNITS.s.min || number > EPOCH_UNITS.ns.max) return null
  if (number <= EPOCH_UNITS.s.max) return 's'
  if (number < EPOCH_UNITS.ms.min) return null
  if (number <= EPOCH_UNITS.ms.max) return 'ms'
  if (number < EPOCH_UNITS.us.min) return null
  if (number <= EPOCH_UNITS.us.max) return 'us'
  return number < EPOCH_UNITS.ns.min ? null : 'ns'
}

/** The unit of most values. */
export function bestUnit(units: Readonly<Record<TimeUnit, number>>): { unit: TimeUnit; count: number; others: number } {
  let unit: TimeUnit = 's'
  let all = 0
  for (const candidate of ['s', 'ms', 'us', 'ns'] as const) {
    all += units[candidate]
    if (units[candidate] > units[unit]) unit = candidate
  }
  return { unit, count: units[unit], others: all - units[unit] }
}
