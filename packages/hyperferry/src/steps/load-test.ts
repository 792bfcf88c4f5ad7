/** Step 9: the application's own queries on the target, as many at a time as it asks, against what the source says and how fast. */
import type { Limit, Query } from '../config/query-file.ts'
import type { StepContext } from './context.ts'
import { drive } from './load-test/drive.ts'
import type { Driven } from './load-test/drive.ts'
import { percentiles } from './load-test/percentiles.ts'
import type { Percentiles } from './load-test/percentiles.ts'
import { lookAt } from './load-test/source.ts'
import type { Look } from './load-test/source.ts'
import { withReader } from './load-test/target.ts'

export interface LoadTestOptions {
  /** Queries under way at the same time on the target. Default 8. */
  concurrency?: number
  /** How long the load lasts. Default 10. */
  seconds?: number
  /** How often each query is timed on the source, one at a time; 0 = only to compare. Default 5. */
  sourceRuns?: number
}

interface QueryResult {
  name: string
  /** Null when it was not compared or could not be. */
  equal: boolean | null
  difference: string | null
  runs: number
  errors: number
  /** The first error, null when there was none. */
  error: string | null
  /** Milliseconds. */
  source: Percentiles | null
  target: Percentiles | null
  /** What the target's p99 may be; null for anything. */
  limitMs: number | null
  ok: boolean
}

export interface LoadTestResult {
  queries: QueryResult[]
  ok: boolean
}

/** Compares and times every query on the source, then puts the load on the target. Reads only. Throws HF-B022 and what ends a connection. */
export async function loadTest(
  context: StepContext,
  queries: readonly Query[],
  options: LoadTestOptions,
): Promise<LoadTestResult> {
  const looks = await withReader(context, async (session) => {
    const all: Look[] = []
    for (const query of queries) all.push(await lookAt(context, session, query, options.sourceRuns ?? 5))
    return all
  })
  const load = { concurrency: options.concurrency ?? 8, seconds: options.seconds ?? 10 }
  const driven = await drive(context, queries, load)
  const results = queries.flatMap((query, i) => {
    const [look, run] = [looks[i], driven[i]]
    return look === undefined || run === undefined ? [] : [judge(query, look, run)]
  })
  return { queries: results, ok: results.every(({ ok }) => ok) }
}

function judge(query: Query, look: Look, run: Driven): QueryResult {
  const [source, target] = [percentiles(look.samples), percentiles(run.samples)]
  const limitMs = limitOf(query.limit, source)
  const inTime = limitMs === null || (target !== null && target.p99 <= limitMs)
  const errors = run.errors + (look.error === null ? 0 : 1)
  return {
    name: query.name,
    equal: look.equal,
    difference: look.difference,
    runs: run.runs,
    errors,
    error: look.error ?? run.error,
    source,
    target,
    limitMs,
    ok: errors === 0 && look.equal !== false && inTime,
  }
}

function limitOf(limit: Limit, source: Percentiles | null): number | null {
  if (limit === null) return null
  if ('ms' in limit) return limit.ms
  return source === null ? null : Math.round(limit.times * source.p99 * 1000) / 1000
}
