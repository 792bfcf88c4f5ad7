import type { PaceState } from '../index-copy.ts'
import { milliseconds } from './format.ts'

/** `4 workers`, or `1 of 4 workers, to spare the application (p99 of its writes: 60 ms, limit 108 ms)`. */
export function workersText({ workers, spared }: Pick<PaceState, 'workers' | 'spared'>): string {
  const most = spared?.most ?? workers
  if (spared === null || workers === most) return `${most} ${most === 1 ? 'worker' : 'workers'}`
  const now = spared.p99Ms === null ? '' : ` ${milliseconds(spared.p99Ms)},`
  return `${workers} of ${most} workers, to spare the application (p99 of its writes:${now} limit ${milliseconds(spared.limitMs)})`
}
