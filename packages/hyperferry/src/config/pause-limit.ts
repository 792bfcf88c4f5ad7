/** Limits of a backfill's pace as people write them, and as numbers. */
import { HyperferryError } from '../errors.ts'
import { PAUSE_LIMITS } from '../model.ts'
import type { PauseLimit, PauseWhen } from '../model.ts'
import { DURATION, durationMicros } from './duration.ts'
import { nearest } from './nearest.ts'

/** Bytes in units of 1000. */
export const SIZE = /^(\d{1,15}) ?(B|kB|MB|GB|TB)$/

const SIZES: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/** The plan's limits as numbers: milliseconds, bytes, bytes per second, counts. */
export function limitNumbers(given: PauseWhen): Map<PauseLimit, number> {
  return new Map(
    Object.entries(given).map(([name, value]) => [name as PauseLimit, limitNumber(name as PauseLimit, value)]),
  )
}

/** A limit as a person types it, `targetReplicationLag=30 s`; null for `…=off`. Throws HF-U001. */
export function parseLimit(text: string): { name: PauseLimit; value: number | null } {
  const at = text.indexOf('=')
  const name = text.slice(0, at < 0 ? undefined : at).trim()
  const names = Object.keys(PAUSE_LIMITS)
  if (!names.includes(name)) {
    const close = nearest(name, names)
    throw refused(
      text,
      `unknown limit ${name}`,
      close === null ? `Limits: ${names.join(', ')}.` : `Did you mean ${close}?`,
    )
  }
  const value = text.slice(at + 1).trim()
  if (at >= 0 && value === 'off') return { name: name as PauseLimit, value: null }
  const limit = PAUSE_LIMITS[name as PauseLimit]
  if (at < 0 || !FORMS[limit.unit].pattern.test(value)) throw refused(text, 'not a limit', FORMS[limit.unit].hint(name))
  const number = limitNumber(name as PauseLimit, limit.unit === 'count' ? Number(value) : value)
  if (number < ((LEAST as { [L in PauseLimit]?: number })[name as PauseLimit] ?? 1))
    throw refused(text, 'too low', 'A quiet server must be below half of it.')
  return { name: name as PauseLimit, value: number }
}

const FORMS = {
  count: { pattern: /^\d{1,9}$/, hint: (name: string) => `Write ${name}=40, or ${name}=off.` },
  ms: { pattern: DURATION, hint: (name: string) => `Write ${name}="30 s", or ${name}=off.` },
  bytes: { pattern: SIZE, hint: (name: string) => `Write ${name}="50 MB", or ${name}=off.` },
  'bytes/s': { pattern: SIZE, hint: (name: string) => `Write ${name}="50 MB", or ${name}=off.` },
}

/** Half of a limit must leave room for a quiet server, or the work would never go on: MySQL's event scheduler is a thread that runs. */
export const LEAST = { sourceThreadsRunning: 2, targetLockWaits: 1, targetCheckpoints: 1, targetActiveSessions: 2 }

function limitNumber(name: PauseLimit, value: string | number): number {
  if (typeof value === 'number') return value
  if (PAUSE_LIMITS[name].unit === 'ms') return Number(durationMicros(value)) / 1000
  const [, number, unit] = SIZE.exec(value) ?? []
  return Number(number) * (SIZES[unit ?? ''] ?? Number.NaN)
}

function refused(text: string, what: string, hint: string): HyperferryError {
  return new HyperferryError('HF-U001', { what: `--pause-when ${text}: ${what}`, hint })
}
