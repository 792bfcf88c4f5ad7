/** Why no task starts: data for programs, and the words for people. */
import { PAUSE_LIMITS } from '../model.ts'
import type { PauseLimit, PauseUnit } from '../model.ts'

/** `pause`: a person said so. `window`: it is not the time of the day. Else the name of the limit in the plan. */
type ReasonCode = 'pause' | 'window' | PauseLimit

/** One of the plan's limits as it stands, or a word of a person. Numbers are in the words of people: `41 s`. */
export interface Reason {
  code: ReasonCode
  /** What is measured, or who has said it. */
  what: string
  /** `?`: it is not known. */
  now: string | null
  limit: string | null
  /** Under what it goes on; null when that is no number. */
  resumesBelow: string | null
}

/** `target replication lag 41 s > 30 s (resumes below 15 s)`. */
export function reasonText({ what, now, limit, resumesBelow }: Reason): string {
  const number = limit === null || now === null ? '' : ` ${now} > ${limit}`
  return `${what}${number}${resumesBelow === null ? '' : ` (resumes below ${resumesBelow})`}`
}

/** Work goes on below half of the limit, so that it does not stutter at the limit itself. A count is below it at half or less. */
export function halfOf(name: PauseLimit, limit: number): number {
  return PAUSE_LIMITS[name].unit === 'count' ? Math.floor(limit / 2) + 1 : limit / 2
}

/** A limit and what is measured, in words. `now` null: not known. */
export function gauge(name: PauseLimit, now: number | null, limit: number): Reason {
  const { unit } = PAUSE_LIMITS[name]
  return {
    code: name,
    what: WORDS[name],
    now: now === null ? '?' : inWords(unit, now),
    limit: inWords(unit, limit),
    resumesBelow: inWords(unit, halfOf(name, limit)),
  }
}

const WORDS: Record<PauseLimit, string> = {
  sourceThreadsRunning: 'threads running in the source',
  sourceReplicaLag: 'lag of the source, a replica,',
  targetReplicationLag: 'target replication lag',
  targetReplicationBytes: 'target replication lag',
  targetWalRate: 'WAL rate of the target',
  targetLockWaits: 'sessions of others that wait for the backfill',
  targetCheckpoints: 'checkpoints of the target asked for in 5 minutes',
  targetActiveSessions: 'active sessions of others in the target',
}

function inWords(unit: PauseUnit, value: number): string {
  if (unit === 'count') return String(Math.round(value))
  if (unit === 'ms') return milliseconds(value)
  return `${bytes(value)}${unit === 'bytes/s' ? '/s' : ''}`
}

function milliseconds(value: number): string {
  if (value < 1000) return `${Math.round(value)} ms`
  if (value < 10_000) return `${Number((value / 1000).toFixed(1))} s`
  const seconds = Math.round(value / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = value
  let unit = 0
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${size >= 100 || unit === 0 ? Math.round(size) : Number(size.toPrecision(2))} ${units[unit]}`
}
