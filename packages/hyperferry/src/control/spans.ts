/** Arithmetic of spans: what is left of (−∞, +∞). Pure. */
import { MAIN_LANE } from '../model.ts'
import type { Lane, Receipt, Span } from '../model.ts'

/**
 * What no receipt of the lane covers, in order, as few spans as possible. Receipts may come in any order; they never overlap in the
 * ledger, and if they did the overlap would simply count once.
 */
export function workLeft(receipts: readonly Pick<Receipt, 'lane' | 'span'>[], lane: Lane): Span[] {
  const done = receipts.filter((receipt) => receipt.lane === lane).map((receipt) => receipt.span)
  const left: Span[] = []
  /** Everything before this is settled; null is −∞. */
  let reached: bigint | null = null
  for (const { from, to } of done.toSorted(byStart)) {
    if (from !== null && (reached === null || reached < from)) left.push({ from: reached, to: from })
    if (to === null) return left
    if (reached === null || to > reached) reached = to
  }
  left.push({ from: reached, to: null })
  return left
}

/** Whether a table is finished: both lanes, or for split `all` the main lane alone, which then holds every row. */
export function isFinished(receipts: readonly Pick<Receipt, 'lane' | 'span'>[], split: 'time' | 'pk' | 'all'): boolean {
  const lanes: Lane[] = split === 'all' ? [MAIN_LANE] : [MAIN_LANE, 1]
  return lanes.every((lane) => workLeft(receipts, lane).length === 0)
}

/** `[1,5)`, `(,7)`: PostgreSQL's text of a numrange. */
export function spanText({ from, to }: Span): string {
  return `${from === null ? '(' : `[${from}`},${to ?? ''})`
}

function byStart(a: Span, b: Span): number {
  if (a.from === b.from) return 0
  if (a.from === null) return -1
  if (b.from === null) return 1
  return a.from < b.from ? -1 : 1
}
