/** How many times slower the application's writes may be beside a backfill. */
import { HyperferryError } from '../errors.ts'

/** Less would be noise. */
export const LEAST_SLOWDOWN = 1.5
export const MOST_SLOWDOWN = 1000

/** As a person types it; null for `off`. Throws HF-U001. */
export function parseSlowdown(text: string): number | null {
  if (text === 'off') return null
  const times = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (times >= LEAST_SLOWDOWN && times <= MOST_SLOWDOWN) return times
  throw new HyperferryError('HF-U001', {
    what: `--writer-slowdown ${text}: not a number of times`,
    hint: `Write a number from ${LEAST_SLOWDOWN} to ${MOST_SLOWDOWN}, or off.`,
  })
}
