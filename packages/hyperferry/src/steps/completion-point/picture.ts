/** For people: rows of both databases around T, bucket by bucket. */
import type { PlannedTable } from '../../model.ts'
import { earliestInstant } from '../../values/axis-instant.ts'
import { isoUtc } from '../../values/time.ts'
import type { StepContext } from '../context.ts'
import { inSource, inTarget } from './parity.ts'

export interface Bucket {
  /** ISO 8601 UTC. */
  from: string
  source: number
  target: number
}

const BUCKETS = 12n
const SECOND = 1_000_000n
const DAY = 86_400n
const WIDTHS = [1n, 2n, 5n, 10n, 30n, 60n, 120n, 300n, 600n, 1800n, 3600n, 7200n, 21_600n, DAY]

/** Where the buckets begin and how long each is, in microseconds: from before coverage began, the one of now is the last. */
export function windowOf({ coverage, now }: { coverage: bigint; now: bigint }): { start: bigint; width: bigint } {
  // Rounded up: half as much again as coverage is old, at least.
  const wanted = ceil((now - coverage) * 3n, 2n * BUCKETS * SECOND)
  const width = (WIDTHS.find((each) => each >= wanted) ?? ceil(wanted, DAY) * DAY) * SECOND
  return { start: (now / width) * width - (BUCKETS - 1n) * width, width }
}

function ceil(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}

/** From some time before coverage began until now; empty where the source cannot be counted by time. */
export async function bucketsOf(
  ctx: StepContext,
  table: PlannedTable,
  span: { coverage: bigint; now: bigint },
): Promise<Bucket[]> {
  if (table.split !== 'time') return []
  const { timezone } = ctx.plan.source
  const reader = ctx.source.reader(table)
  const { start, width } = windowOf(span)
  const buckets: Bucket[] = []
  for (let from = start; from <= span.now; from += width) {
    const piece = {
      table,
      reader,
      from: earliestInstant(table, from, timezone),
      to: earliestInstant(table, from + width, timezone),
    }
    const source = await inSource(ctx, piece)
    buckets.push({ from: isoUtc(from), source, target: await inTarget(ctx, piece) })
  }
  return buckets
}
