// timescaledb-parallel-copy, when it is on PATH.
import { spawnSync } from 'node:child_process'
import { measure } from '../measure.ts'
import type { Measured } from '../measure.ts'

export function parallelCopyVersion(): string | null {
  const answer = spawnSync('timescaledb-parallel-copy', ['-version'], { encoding: 'utf8' })
  return answer.status === 0 ? (/v[\d.]+/.exec(answer.stderr + answer.stdout)?.[0] ?? null) : null
}

export interface ParallelCopyOptions {
  workers: number
  /** Default its own: 5000 rows, at most 4 MB. */
  batchRows?: number
}

// eslint-disable-next-line max-params -- where, what, how, and who is watched
export function runParallelCopy(
  target: string,
  file: string,
  { workers, batchRows }: ParallelCopyOptions,
  servers: readonly number[],
): Promise<Measured> {
  const tuned =
    batchRows === undefined
      ? []
      : [
          '-batch-size',
          String(batchRows),
          '-batch-byte-size',
          String(256 * 1024 * 1024),
          '-buffer-byte-size',
          '33554432',
        ]
  return measure(
    [
      'timescaledb-parallel-copy',
      '-connection',
      `${target}?sslmode=disable`,
      '-table',
      'metric',
      '-file',
      file,
      '-skip-header',
      '-workers',
      String(workers),
      ...tuned,
    ],
    { servers },
  )
}
