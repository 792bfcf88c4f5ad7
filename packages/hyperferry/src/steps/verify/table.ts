/** One table at one level: what was counted, which ranges were compared, which differ. */
import { isFinished } from '../../control/ledger.ts'
import { failpoint } from '../../failpoints.ts'
import type { Receipt, Span } from '../../model.ts'
import { qualified } from '../../target/sql.ts'
import type { Session } from '../../target/connect.ts'
import { Digest } from '../../values/digest.ts'
import { exactAdvance, examine } from './examine.ts'
import { sourceDigest, targetDigest } from './bench.ts'
import type { Bench } from './bench.ts'
import { jsonCount } from './document.ts'
import type { DifferentRange, VerifiedTable, VerifyLevel } from './document.ts'
import { Excused } from './excused.ts'
import type { KeptBack } from './excused.ts'
import { isCuttable, isExactCut, overlaps, rangeOf, rangesOfReceipts, residualRange, wholeRange } from './ranges.ts'
import type { CompareRange } from './ranges.ts'
import { shareOut } from './snapshot.ts'

export interface TableCase {
  bench: Bench
  level: Exclude<VerifyLevel, 'estimate'>
  receipts: readonly Receipt[]
  sessions: readonly [Session, ...Session[]]
  keptBack: readonly KeptBack[]
  window: Span
  showValues: boolean
  /** Stop at the first range that differs. */
  failFast: boolean
  /** Throws HF-B022 when the step should end. */
  mayGoOn: () => void
  onRows: (rows: number) => void
}

/** Compares one table on one snapshot of the target. The second opinion is not part of it. */
export async function verifyTable(one: TableCase): Promise<VerifiedTable> {
  const ranges = await rangesOf(one)
  const isWhole = one.window.from === null && one.window.to === null
  const result = emptyResult(one, ranges.length)
  const held = await holdings(one, ranges)
  const counts = await countAll(one, { ranges, isWhole, held })
  result.sourceRows = jsonCount(counts.source)
  result.targetRows = jsonCount(counts.target)
  result.quarantined = jsonCount(counts.quarantined)
  const suspects = await suspectsOf(one, { ranges, held, counts, isWhole }, result)
  if (suspects.length > 0) result.different = await localise(one, suspects, held)
  // Rows that only the counts know of: a difference all the same.
  if (result.different.length === 0 && !isBalanced(one, held, counts))
    result.different = [byCounts(wholeRange(), counts)]
  if (suspects.length > 0 && result.different.length === 0) result.notes.push(REREAD)
  result.equal = result.different.length === 0
  return result
}

const REREAD = 'digests differ, but source and target, both read again, hold the same rows (quarantine left out)'

interface Held {
  /** By range, in the same order; empty at level count. */
  target: Digest[]
  source: Digest[]
  /** Rows by range that `read` rejected. */
  rejected: number[]
}

/** Together the whole table, or all of it that reaches into the window. */
async function rangesOf(one: TableCase): Promise<CompareRange[]> {
  const { bench, receipts, level, window } = one
  const { table, timezone } = bench
  if (!isCuttable(table)) return level === 'rows' ? [wholeRange()] : rangesOfReceipts(table, receipts, { timezone })
  const isWindow = window.from !== null || window.to !== null
  if (level === 'rows') {
    const ranges = await walk(bench, border(bench, window.from), border(bench, window.to))
    return isWindow ? ranges : [...ranges, residualRange(table)]
  }
  if (!isFinished(receipts, table.split)) return [isWindow ? rangeOf(table, window, timezone) : wholeRange()]
  if (!isWindow) return rangesOfReceipts(table, receipts, { timezone })
  const single = rangesOfReceipts(table, receipts, { timezone, rows: 0 })
  return single.filter(({ slice }) => slice.kind === 'all' || (slice.kind === 'range' && overlaps(slice, window)))
}

/** A position that both sides can be cut at; unbounded where the target is too coarse for it. */
function border(bench: Bench, position: bigint | null): bigint | null {
  return position === null || !isExactCut(bench.table, position, bench.timezone) ? null : position
}

/** Ranges of [start, end) that are read on both sides. */
export async function walk(bench: Bench, start: bigint | null, end: bigint | null): Promise<CompareRange[]> {
  const ranges: CompareRange[] = []
  let from = start
  for (;;) {
    const to = await exactAdvance(bench, from, ROWS_A_RANGE)
    const isLast = to === null || (end !== null && to >= end)
    ranges.push(rangeOf(bench.table, { from, to: isLast ? end : to }, bench.timezone))
    if (isLast) return ranges
    from = to
  }
}

/** Rows of a range that is read on both sides. */
const ROWS_A_RANGE = 200_000

/** Digests of every range, by all sessions together. */
async function holdings(one: TableCase, ranges: readonly CompareRange[]): Promise<Held> {
  const held: Held = { target: [], source: [], rejected: [] }
  if (one.level === 'count') return held
  await shareOut(one.sessions, ranges, async (session, range, index) => {
    one.mayGoOn()
    held.target[index] = await targetDigest(one.bench, session, range)
    if (one.level === 'rows') {
      const { digest, rejected } = await sourceDigest(one.bench, range)
      held.source[index] = digest
      held.rejected[index] = rejected
    } else held.source[index] = sum(range.promised?.digests ?? [])
    one.onRows(held.target[index].rows)
    failpoint('verify.mid-table')
  })
  return held
}

interface Counts {
  source: bigint
  target: bigint
  quarantined: bigint
}

/** Counts by each server itself, so that a range forgotten on either side shows. */
async function countAll(
  one: TableCase,
  { ranges, isWhole, held }: { ranges: readonly CompareRange[]; isWhole: boolean; held: Held },
): Promise<Counts> {
  const inRanges = ranges.reduce((rows, each) => rows + (each.promised?.quarantined ?? 0), 0)
  const rejected = held.rejected.reduce((rows, each) => rows + each, 0)
  // Rows that the target itself refused are encoded without complaint: of those only the books know.
  const quarantined = BigInt(isWhole ? booked(one) : Math.max(rejected, inRanges))
  if (isWhole) {
    const source = await one.bench.reader.count({ kind: 'all' })
    return { source, target: await targetCount(one, null), quarantined }
  }
  const counts: Counts = { source: 0n, target: 0n, quarantined }
  for (const range of ranges) {
    counts.source += await one.bench.reader.count(range.slice)
    counts.target += await targetCount(one, range.where)
  }
  return counts
}

async function targetCount(one: TableCase, where: string | null): Promise<bigint> {
  const table = qualified(one.bench.schema, one.bench.table.name)
  const condition = where === null ? '' : ` where ${where}`
  const { rows } = await one.sessions[0].query<{ n: string }>(`select count(*)::text as n from ${table}${condition}`)
  return BigInt(rows[0]?.n ?? '0')
}

function booked(one: TableCase): number {
  return one.receipts.reduce((rows, each) => rows + each.quarantined, 0)
}

/** Whether the independent counts agree with what was compared, or with the books. */
function isBalanced(one: TableCase, held: Held, counts: Counts): boolean {
  if (one.level !== 'rows') return counts.source === counts.target + counts.quarantined
  const read = sum(held.source).rows + held.rejected.reduce((rows, each) => rows + each, 0)
  return counts.source === BigInt(read)
}

interface Situation {
  ranges: readonly CompareRange[]
  held: Held
  counts: Counts
  isWhole: boolean
}

/** Ranges that must be looked at row by row; empty when the table is proven equal. */
async function suspectsOf(one: TableCase, now: Situation, result: VerifiedTable): Promise<CompareRange[]> {
  const { ranges, held, counts, isWhole } = now
  const balanced = isBalanced(one, held, counts)
  if (one.level === 'count') return balanced ? [] : countSuspects(one, ranges)
  const target = sum(held.target)
  const source = sum(held.source)
  result.digest = target.toString()
  // Every row of the target lies in exactly one range, or this sum is not the count.
  const covered = counts.target === BigInt(target.rows)
  if (!covered && isWhole) return [wholeRange()]
  const unequal = ranges.filter((_, index) => !isSame(held.target[index], held.source[index]))
  if (isSame(source, target) && balanced) {
    // Sums over the whole table decide: a rule may have moved a row to another range, which is no difference.
    if (unequal.length > 0)
      result.notes.push(`${unequal.length} ranges hold rows that belong to others by their source position`)
    return []
  }
  if (unequal.length > 0) return unequal
  return countSuspects(one, ranges)
}

/** Where the source now counts other than its receipts, or than the target. */
async function countSuspects(one: TableCase, ranges: readonly CompareRange[]): Promise<CompareRange[]> {
  const suspects: CompareRange[] = []
  for (const range of ranges) {
    one.mayGoOn()
    const counted = await one.bench.reader.count(range.slice)
    const target = await targetCount(one, range.where)
    if (counted !== target + BigInt(range.promised?.quarantined ?? 0)) suspects.push(range)
  }
  return suspects.length > 0 ? suspects : [wholeRange()]
}

async function localise(one: TableCase, suspects: readonly CompareRange[], held: Held): Promise<DifferentRange[]> {
  if (one.level === 'count') return Promise.all(suspects.map((range) => byCount(one, range)))
  const tableRows = held.target.reduce((rows, each) => rows + each.rows, 0)
  const chosen = one.failFast ? suspects.slice(0, 1) : suspects
  return examine(one.bench, one.sessions[0], chosen, {
    excused: new Excused(one.bench.table, openOnly(one.keptBack)),
    showValues: one.showValues,
    tableRows: Math.max(tableRows, one.bench.table.estimatedRows),
    mayGoOn: one.mayGoOn,
  })
}

/** What people decided is part of what the source is read as (work/decided.ts). */
export function openOnly(rows: readonly KeptBack[]): KeptBack[] {
  return rows.filter(({ how }) => how === 'open')
}

async function byCount(one: TableCase, range: CompareRange): Promise<DifferentRange> {
  const source = await one.bench.reader.count(range.slice)
  const target = await targetCount(one, range.where)
  const quarantined = range.slice.kind === 'all' ? booked(one) : (range.promised?.quarantined ?? 0)
  return byCounts(range, { source, target, quarantined: BigInt(quarantined) })
}

/** A difference that only the counts know of. */
export function byCounts(range: CompareRange, counts: Counts): DifferentRange {
  const less = Number(counts.source - counts.quarantined - counts.target)
  return {
    from: range.from,
    to: range.to,
    residual: range.slice.kind === 'residual',
    missing: Math.max(0, less),
    extra: Math.max(0, -less),
    changed: 0,
    examined: false,
    samples: [],
  }
}

function isSame(a: Digest | undefined, b: Digest | undefined): boolean {
  return a !== undefined && b !== undefined && a.equals(b)
}

/** Of a whole, from its parts. */
export function sum(digests: readonly (Digest | string)[]): Digest {
  const total = new Digest()
  for (const each of digests) total.merge(each)
  return total
}

/** Before anything was compared. */
export function emptyResult(one: { bench: Pick<Bench, 'table'>; window: Span }, ranges: number): VerifiedTable {
  const { name, source } = one.bench.table
  const counts = { ranges, sourceRows: 0, targetRows: 0, quarantined: 0, open: 0 }
  const partial = one.window.from !== null || one.window.to !== null
  return {
    name,
    source,
    equal: true,
    partial,
    ...counts,
    digest: null,
    different: [],
    settledUntil: null,
    books: null,
    meaning: null,
    notes: [],
  }
}
