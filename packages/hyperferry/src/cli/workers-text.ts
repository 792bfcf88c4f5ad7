import type { PaceState } from '../index-copy.ts'
import { duration, milliseconds } from './format.ts'

/** `4 workers`, or `1 of 4 workers, to spare the application (p99 of its writes: 60 ms, limit 108 ms)`. */
export function workersText({ workers, spared }: Pick<PaceState, 'workers' | 'spared'>): string {
  const most = spared?.most ?? workers
  if (spared === null || workers === most) return `${most} ${most === 1 ? 'worker' : 'workers'}`
  return `${workers} of ${most} workers, to ${why(spared)}`
}

function why({ p50Ms, p99Ms, limits, moreInMs }: NonNullable<PaceState['spared']>): string {
  if (limits === null) return "see how long the application's writes take"
  const more = moreInMs < 1000 ? '' : `; more in ${duration(moreInMs / 1000)}`
  const usual = limits.p99Ms === null || (p50Ms ?? 0) / limits.p50Ms > (p99Ms ?? 0) / limits.p99Ms
  const [name, now] = usual ? ['median', p50Ms] : ['p99', p99Ms]
  const seen = now === null ? '' : ` ${milliseconds(now)},`
  const limit = milliseconds((usual ? null : limits.p99Ms) ?? limits.p50Ms)
  return `spare the application (${name} of its writes:${seen} limit ${limit}${more})`
}
