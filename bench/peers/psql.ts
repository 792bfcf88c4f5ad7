// psql: what PostgreSQL itself brings along, and the way to run SQL that belongs to a peer's work.
import { spawnSync } from 'node:child_process'
import { measure } from '../measure.ts'
import type { Measured } from '../measure.ts'

export function psqlVersion(): string | null {
  const answer = spawnSync('psql', ['--version'], { encoding: 'utf8' })
  return answer.status === 0 ? answer.stdout.trim() : null
}

/** Each statement in a transaction of its own. */
export function runSql(target: string, statements: readonly string[], servers: readonly number[]): Promise<Measured> {
  const commands = statements.flatMap((sql) => ['-c', sql])
  return measure(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', target, ...commands], { servers })
}

export function psqlCopy(target: string, file: string, servers: readonly number[]): Promise<Measured> {
  return runSql(target, [`\\copy metric from '${file}' with (format csv, header)`], servers)
}
