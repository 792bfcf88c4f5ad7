// pgloader, from Debian.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measure } from '../measure.ts'
import type { Measured } from '../measure.ts'

/** null when it is not installed. */
export function pgloaderVersion(): string | null {
  const answer = spawnSync('pgloader', ['--version'], { encoding: 'utf8' })
  return answer.status === 0 ? (/"([^"]+)"/.exec(answer.stdout)?.[1] ?? answer.stdout.split('\n')[0] ?? null) : null
}

/** Loads table `metric` into the existing table of the target. `source` is a MySQL or MariaDB URL or a SQLite path. */
// eslint-disable-next-line max-params -- from, to, where its script lies, and who is watched
export async function runPgloader(
  source: string,
  target: string,
  folder: string,
  servers: readonly number[],
): Promise<Measured> {
  const mysql = /^(mysql|mariadb):/.test(source)
  const script = join(folder, 'pgloader.load')
  const database = mysql ? new URL(source).pathname.slice(1) : ''
  const lines = [
    'LOAD DATABASE',
    `  FROM ${mysql ? source.replace(/^mariadb:/, 'mysql:') : `sqlite://${source}`}`,
    `  INTO ${target.replace(/^postgres:/, 'postgresql:')}`,
    '  WITH data only, workers = 2, concurrency = 1, prefetch rows = 100000',
    ...(mysql ? [`  ALTER SCHEMA '${database}' RENAME TO 'public'`] : []),
  ]
  writeFileSync(script, `${lines.join('\n')};\n`)
  return measure(['pgloader', '--on-error-stop', script], { cwd: folder, servers })
}
