/** What a session of MariaDB or MySQL must be like for rows that both stores get, as statements. */

/** What a session must be like while the transaction runs. */
export interface Needs {
  /** Instants of TIMESTAMP columns are written and read in UTC. */
  utc?: boolean
  /** A value that does not fit is an error, never clamped or cut: the other store would get the whole one. */
  strict?: boolean
  /** 0 in an AUTO_INCREMENT column is 0, as it is in the other store. */
  zeroIsZero?: boolean
  /** Seconds to wait for a row that somebody else has locked. */
  lockWait?: number
}

/** The application may change a session at any time, so it is asked each time that something depends on it. */
export const ASK_SETTINGS =
  'SELECT @@session.time_zone AS zone, @@session.sql_mode AS mode, CAST(@@session.innodb_lock_wait_timeout AS CHAR) AS wait'

/** The statement that makes a session as needed, and the one that puts it back; null when it is as needed already. `now` is the answer to `ASK_SETTINGS`. */
export function changeOf(now: readonly unknown[], needs: Needs): { set: string; restore: string } | null {
  const [zone, mode, wait] = now.map(String)
  const wanted: [name: string, before: unknown, value: unknown][] = [
    ['time_zone', zone, needs.utc ? '+00:00' : zone],
    ['sql_mode', mode, modeFor(mode ?? '', needs)],
    ['innodb_lock_wait_timeout', Number(wait), needs.lockWait ?? Number(wait)],
  ]
  const changed = wanted.filter(([, before, value]) => before !== value)
  if (changed.length === 0) return null
  return {
    set: setSql(changed.map(([name, , value]) => [name, value])),
    restore: setSql(changed.map(([name, before]) => [name, before])),
  }
}

export function needsNothing(needs: Needs): boolean {
  return !needs.utc && !needs.strict && !needs.zeroIsZero && needs.lockWait === undefined
}

function setSql(settings: readonly [name: string, value: unknown][]): string {
  return `SET ${settings.map(([name, value]) => `SESSION ${name} = ${literal(value)}`).join(', ')}`
}

/** Settings are words and numbers: what would need escaping is not one. */
function literal(value: unknown): string {
  if (typeof value === 'number') return String(value)
  const text = String(value)
  if (/['\\]/.test(text)) throw new TypeError('a session setting with quotes')
  return `'${text}'`
}

function modeFor(mode: string, needs: Needs): string {
  const has = (name: string): boolean => mode.split(',').includes(name)
  const added: string[] = []
  if (needs.strict && !has('STRICT_TRANS_TABLES') && !has('STRICT_ALL_TABLES')) added.push('STRICT_TRANS_TABLES')
  if (needs.zeroIsZero && !has('NO_AUTO_VALUE_ON_ZERO')) added.push('NO_AUTO_VALUE_ON_ZERO')
  return [...(mode === '' ? [] : [mode]), ...added].join(',')
}
