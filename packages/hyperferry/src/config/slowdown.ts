/** How many times slower the application's writes may be beside a backfill. */
import { HyperferryError } from '../errors.ts'

/** With less, noise would hold workers back. */
export const LEAST_SLOWDOWN = 2
export const MOST_SLOWDOWN = 1000

/** As a person types it; null for `off`. Throws HF-U001. */
export function parseSlowdown(text: string): number | null {
  if (text === 'off') return null
  const times = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (times >= LEAST_SLOWDOWN && times <= MOST_SLOWDOWN) return times
  throw new HyperferryError('HF-U001', {
    what: `--writer-slowdown ${text}: not a number of times from ${LEAST_SLOWDOWN} to ${MOST_SLOWDOWN}`,
    hint: `Write such a number, or off.`,
  })
}
