/** The ranges that are compared: receipts side by side are merged where the target can be cut at exactly the same place. */
import { MAIN_LANE, RESIDUAL_LANE } from '../../model.ts'
import type { PlannedTable, Receipt, Slice, Span } from '../../model.ts'
import { ident } from '../../target/sql.ts'
import { axisLiteral, targetAxis } from '../../values/axis.ts'

export interface CompareRange {
  /** What the source reads for it. */
  slice: Slice
  /** SQL condition of the same rows in the target; null is the whole table. */
  where: string | null
  /** As SQL of the target's axis, for people; null is unbounded. */
  from: string | null
  to: string | null
  /** What the receipts promise; null when they are not trusted or not asked. */
  promised: { rows: number; quarantined: number; digests: string[] } | null
}

/** Rows of a range when receipts are merged; large enough to keep statements few, small enough to spread over workers. */
const RANGE_ROWS = 250_000

/** Whether the target can be cut along the table's axis. */
export function isCuttable(table: PlannedTable): boolean {
  return table.split !== 'all' && table.axis !== null && targetAxis(table) !== null
}

/** Half-open range of the target, and its text for people. */
export function rangeOf(table: PlannedTable, span: Span, timezone: string): CompareRange {
  const slice: Slice = { kind: 'range', ...span }
  return { slice, promised: null, ...boundsOf(table, span, timezone) }
}

/** The whole table as one range. */
export function wholeRange(): CompareRange {
  return { slice: { kind: 'all' }, where: null, from: null, to: null, promised: null }
}

/** Rows without a position. In the target they are the ones whose axis is NULL. */
export function residualRange(table: PlannedTable): CompareRange {
  const axis = targetAxis(table)
  const where = axis === null ? null : `${ident(axis.column)} is null`
  return { slice: { kind: 'residual' }, where, from: null, to: null, promised: null }
}

/**
 * Ranges from receipts. Together they cover the axis from −∞ to +∞ and the rows without a position, if the receipts do; holes between them stay.
 * One range for the whole table when the target cannot be cut. Receipts are merged up to about `rows` rows, default 250,000.
 */
export function rangesOfReceipts(
  table: PlannedTable,
  receipts: readonly Receipt[],
  options: { timezone: string; rows?: number },
): CompareRange[] {
  const { timezone, rows = RANGE_ROWS } = options
  if (
    !isCuttable(table) ||
    (receipts.length === 1 && receipts[0]?.span.from === null && receipts[0].span.to === null)
  ) {
    return [{ ...wholeRange(), promised: promiseOf(receipts) }]
  }
  const main = receipts.filter((each) => each.lane === MAIN_LANE).toSorted((a, b) => order(a.span.from, b.span.from))
  const ranges: CompareRange[] = []
  let group: Receipt[] = []
  for (const [index, receipt] of main.entries()) {
    group.push(receipt)
    const end = receipt.span.to
    const isLast = index === main.length - 1
    const isHole = !isLast && main[index + 1]?.span.from !== end
    if (!isLast && !isHole && (end === null || rowsOf(group) < rows || !isExactCut(table, end, timezone))) continue
    const span = { from: group[0]?.span.from ?? null, to: end }
    ranges.push({ ...rangeOf(table, span, timezone), promised: promiseOf(group) })
    group = []
  }
  const residual = receipts.filter((each) => each.lane === RESIDUAL_LANE)
  return [...ranges, { ...residualRange(table), promised: promiseOf(residual) }]
}

/**
 * Whether the rows before `position` in the source are exactly the rows before its literal in the target. Where the target is coarser (whole
 * seconds, whole days), most positions share their literal with a neighbour and cannot be a border.
 */
export function isExactCut(table: PlannedTable, position: bigint, timezone: string): boolean {
  return axisLiteral(table, position - 1n, timezone) !== axisLiteral(table, position, timezone)
}

/** Whether two half-open ranges have a position in common. */
export function overlaps(range: Span, wanted: Span): boolean {
  const startsBefore = range.from === null || wanted.to === null || range.from < wanted.to
  const endsAfter = range.to === null || wanted.from === null || range.to > wanted.from
  return startsBefore && endsAfter
}

function boundsOf(table: PlannedTable, span: Span, timezone: string): Pick<CompareRange, 'where' | 'from' | 'to'> {
  const axis = targetAxis(table)
  if (axis === null) return { where: null, from: null, to: null }
  const column = ident(axis.column)
  const from = span.from === null ? null : axisLiteral(table, span.from, timezone)
  const to = span.to === null ? null : axisLiteral(table, span.to, timezone)
  const conditions = [from === null ? [] : [`${column} >= ${from}`], to === null ? [] : [`${column} < ${to}`]].flat()
  // Unbounded on both sides still leaves out the rows without a position.
  const where = conditions.length === 0 ? `${column} is not null` : conditions.join(' and ')
  return { where, from: from === null ? null : shown(from), to: to === null ? null : shown(to) }
}

/** `'2024-01-01 00:00:00+00'::timestamptz` → `2024-01-01 00:00:00+00`. */
function shown(sql: string): string {
  return sql.replace(/::[\w "()]+$/, '').replace(/^'(.*)'$/, '$1')
}

function promiseOf(receipts: readonly Receipt[]): CompareRange['promised'] {
  return {
    rows: rowsOf(receipts),
    quarantined: receipts.reduce((sum, each) => sum + each.quarantined, 0),
    digests: receipts.map((each) => each.digest),
  }
}

function rowsOf(receipts: readonly Receipt[]): number {
  return receipts.reduce((sum, each) => sum + each.rows, 0)
}

/** null is −∞. */
function order(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0
  if (a === null || (b !== null && a < b)) return -1
  return 1
}
