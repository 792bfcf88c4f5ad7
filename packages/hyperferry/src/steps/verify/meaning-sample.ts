// Part of the second opinion: it must not import values/encode, values/normalise or values/digest (a test reads the imports).
import type { Receipt, Slice, Span } from '../../model.ts'
import type { TableReader } from '../../source/source.ts'

/** A slice of the source and the same rows of the target. */
export interface SamplePart {
  slice: Slice
  where: string | null
  /** Lies between the parts of the sample: wanted only as far as they held too few rows. */
  isFill?: boolean
}

/** How the table is cut on both sides alike; null in `SampleOptions` when it cannot be. */
export interface Cutter {
  range(span: Span): SamplePart
  residual: SamplePart
  /** The next position ≥ about `rows` rows after `from` that is a border on both sides; null when there is none. */
  advance(from: bigint | null, rows: number): Promise<bigint | null>
}

export interface SampleOptions {
  cutter: Cutter | null
  reader: Pick<TableReader, 'extent'>
  receipts: readonly Pick<Receipt, 'lane' | 'span' | 'rows'>[]
  /** Rows of the table. */
  rows: number
  /** Rows wanted. */
  sampleRows: number
  /** Rows of one part: what may be held in memory. */
  partRows: number
}

/**
 * Parts spread over the table, from the very first row to the very last, at places equally many rows apart, together about `sampleRows` rows;
 * then what lies between them. The whole table when it is small. Nothing when it is large and cannot be cut.
 */
export async function* sampleParts(options: SampleOptions): AsyncGenerator<SamplePart, void, undefined> {
  const { cutter, rows, sampleRows, partRows } = options
  if (isReadWhole(options)) {
    yield { slice: { kind: 'all' }, where: null }
    return
  }
  if (cutter === null) return
  yield cutter.residual
  let spans: Span[] = []
  if (rows > sampleRows * 2) {
    spans = await spreadSpans(options, Math.max(2, Math.ceil(sampleRows / partRows)))
    for (const span of spans) yield cutter.range(span)
  }
  const isFill = spans.length > 0
  for (const gap of between(spans)) {
    for await (const part of walk(cutter, gap, partRows)) yield { ...part, isFill }
  }
}

/** Whether the table is so small that it is compared as one part. */
export function isReadWhole({ rows, sampleRows, partRows }: SampleOptions): boolean {
  return rows <= sampleRows * 2 && rows <= partRows * 50
}

async function spreadSpans(options: SampleOptions, parts: number): Promise<Span[]> {
  const { cutter, partRows } = options
  const spans: Span[] = []
  const starts = await spread(options, parts)
  for (const [index, start] of starts.entries()) {
    const next = starts[index + 1]
    const end = next === undefined ? null : ((await cutter?.advance(start, partRows)) ?? null)
    spans.push({ from: start, to: next != null && (end === null || end > next) ? next : end })
  }
  return spans
}

/** What the spans leave of (−∞, +∞); they are in order and do not overlap. */
function between(spans: readonly Span[]): Span[] {
  if (spans.length === 0) return [{ from: null, to: null }]
  return spans.flatMap(({ to }, index) => {
    const next = spans[index + 1]
    return next === undefined || to === null || to === next.from ? [] : [{ from: to, to: next.from }]
  })
}

async function* walk(cutter: Cutter, { from: start, to: end }: Span, rows: number): AsyncGenerator<SamplePart> {
  let from = start
  for (;;) {
    const to: bigint | null = await cutter.advance(from, rows)
    const isLast = to === null || (end !== null && to >= end)
    yield cutter.range({ from, to: isLast ? end : to })
    if (isLast) return
    from = to
  }
}

/** Where parts begin: −∞ first, then borders in ascending order; the last part runs to +∞ and should hold about `partRows` rows. */
async function spread(options: SampleOptions, parts: number): Promise<(bigint | null)[]> {
  const { cutter, rows, partRows } = options
  const starts: (bigint | null)[] = [null]
  if (cutter === null) return starts
  const places = await distribution(options)
  for (let index = 1; index < parts; index += 1) {
    const wanted = index === parts - 1 ? Math.max(0, rows - partRows) : Math.floor((rows * index) / (parts - 1))
    const near = positionAt(places, wanted)
    const start = near === null ? null : await cutter.advance(near, 1)
    const last = starts.at(-1)
    if (start !== null && (last == null || start > last)) starts.push(start)
  }
  return starts
}

interface Place {
  from: bigint
  to: bigint
  rows: number
}

/** Where the rows lie, by the receipts of the main lane; one even stretch when they say nothing. */
async function distribution({ reader, receipts, rows }: SampleOptions): Promise<Place[]> {
  const extent = await reader.extent()
  if (extent === null) return []
  const spans = receipts.filter((each) => each.lane === 0)
  const whole: Place = { from: extent.min, to: extent.max + 1n, rows }
  if (spans.length === 0) return [whole]
  return spans
    .map(({ span, rows: count }) => ({ from: span.from ?? extent.min, to: span.to ?? extent.max + 1n, rows: count }))
    .filter((each) => each.to > each.from)
    .toSorted((a, b) => (a.from < b.from ? -1 : 1))
}

/** A position with about `wanted` rows before it, as if rows were even within a receipt. */
function positionAt(places: readonly Place[], wanted: number): bigint | null {
  let before = 0
  for (const { from, to, rows } of places) {
    if (wanted < before + rows) {
      const share = BigInt(Math.floor(((wanted - before) / rows) * 1_000_000))
      return from + ((to - from) * share) / 1_000_000n
    }
    before += rows
  }
  return places.at(-1)?.from ?? null
}
