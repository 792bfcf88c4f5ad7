/** Row by row through the ranges whose digests differ: what is missing, what is too much, what was changed. */
import type { Session } from '../../target/connect.ts'
import { sourceRows, targetRows, tupleTexts } from './bench.ts'
import type { Bench } from './bench.ts'
import type { DifferentRange } from './document.ts'
import type { Excused } from './excused.ts'
import { isCuttable, isExactCut, rangeOf, residualRange } from './ranges.ts'
import type { CompareRange } from './ranges.ts'
import { diffRows } from './row-diff.ts'
import type { OddRow } from './row-diff.ts'
import { samplesOf } from './samples.ts'
import type { Finding } from './samples.ts'

export interface ExamineOptions {
  excused: Excused
  showValues: boolean
  /** Rows of a slice that is examined at a time. Default 50,000. */
  sliceRows?: number
  /** Throws HF-B022 when the step should end. */
  mayGoOn: () => void
  /** Expected rows of the table, for slices that cannot be cut. */
  tableRows: number
}

/** Rows that differ are kept up to this size in all; the rest is only counted. */
const KEEP_BYTES = 64 * 1024 * 1024

/** Compares the given ranges row by row. Only ranges that really differ are returned, in the order given. */
export async function examine(
  bench: Bench,
  session: Session,
  ranges: readonly CompareRange[],
  options: ExamineOptions,
): Promise<DifferentRange[]> {
  const findings: Finding[] = []
  const room = { bytes: KEEP_BYTES }
  for (const range of ranges) {
    findings.push(await examineRange(bench, session, range, { ...options, room }))
  }
  return concluded(bench, without(bench, findings, options.excused), options.showValues)
}

/** The findings without rows that are rightly missing, and without equal rows that stand in another range than they came from. */
export function without(bench: Bench, findings: readonly Finding[], excused: Excused): Finding[] {
  excuse(bench, findings, excused)
  cancel(findings, (row) => row.hash, null)
  return findings.filter(isDifferent)
}

/** What findings come to: ranges that differ, in the order given. */
export function concluded(bench: Bench, findings: readonly Finding[], showValues: boolean): DifferentRange[] {
  pair(bench, findings)
  return findings.filter(isDifferent).map((each) => different(bench, each, showValues))
}

async function examineRange(
  bench: Bench,
  session: Session,
  range: CompareRange,
  options: ExamineOptions & { room: { bytes: number } },
): Promise<Finding> {
  const found: Finding = { range, missing: [], extra: [], changed: [], unseenMissing: 0, unseenExtra: 0 }
  for await (const part of slicesOf(bench, range, options.sliceRows ?? 50_000)) {
    options.mayGoOn()
    const rows = part.slice.kind === 'range' ? (options.sliceRows ?? 50_000) : options.tableRows
    const odd = await diffRows(sourceRows(bench, part.slice), targetRows(bench, session, part.where), {
      rows,
      keepBytes: options.room.bytes,
    })
    for (const row of [...odd.missing, ...odd.extra]) options.room.bytes -= row.tuple.length
    found.missing.push(...odd.missing)
    found.extra.push(...odd.extra)
    found.unseenMissing += odd.missingRows - odd.missing.length
    found.unseenExtra += odd.extraRows - odd.extra.length
  }
  return found
}

/** Parts small enough to hold, where the axis allows to cut; their union is the range. */
async function* slicesOf(bench: Bench, range: CompareRange, rows: number): AsyncGenerator<CompareRange> {
  const { slice } = range
  if (slice.kind === 'residual' || !isCuttable(bench.table)) {
    yield range
    return
  }
  const { from: start, to: end } = slice.kind === 'range' ? slice : { from: null, to: null }
  let from = start
  for (let isLast = false; !isLast;) {
    const to = await exactAdvance(bench, from, rows)
    isLast = to === null || (end !== null && to >= end)
    yield rangeOf(bench.table, { from, to: isLast ? end : to }, bench.timezone)
    from = to
  }
  if (slice.kind === 'all') yield residualRange(bench.table)
}

/** The next position that is a border in the target too; null when there is none. */
export async function exactAdvance(bench: Bench, from: bigint | null, rows: number): Promise<bigint | null> {
  let to = await bench.reader.advance(from, rows)
  while (to !== null && !isExactCut(bench.table, to, bench.timezone)) to = await bench.reader.advance(to, rows)
  return to
}

/** Rows in quarantine are rightly missing. */
function excuse(bench: Bench, findings: readonly Finding[], excused: Excused): void {
  const places = new Map(
    bench.table.columns.flatMap((column) => {
      const place = bench.columns.indexOf(column.name)
      return place < 0 ? [] : [[column.source, place] as const]
    }),
  )
  for (const found of findings) {
    if (excused.left === 0) return
    found.missing = found.missing.filter((row) => {
      const texts = tupleTexts(bench, row.tuple)
      return excused.take((name) => quarantineText(bench, places.get(name), texts)) === null
    })
  }
}

/** The quarantine holds what the source returned; floats, booleans and composed types may be written differently there. */
function quarantineText(
  bench: Bench,
  place: number | undefined,
  texts: readonly (string | null)[],
): string | null | undefined {
  if (place === undefined) return undefined
  const text = texts[place]
  if (text === null) return null
  return COMPARABLE.has(bench.types[place]?.name ?? '') ? text : undefined
}

const COMPARABLE = new Set(['int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar'])

/**
 * A row may stand in another range than it came from (a changed axis, a converted position): equal rows have cancelled, rows of one key are
 * one change, of the range where it is missing.
 */
function pair(bench: Bench, findings: readonly Finding[]): void {
  const { key } = bench
  if (key === null) return
  const keyOf = (row: OddRow): string => {
    const texts = tupleTexts(bench, row.tuple)
    return JSON.stringify(key.map((place) => texts[place]))
  }
  cancel(findings, keyOf, (found, source, target) => found.changed.push({ source, target }))
}

function cancel(
  findings: readonly Finding[],
  nameOf: (row: OddRow) => string,
  onPair: ((found: Finding, source: OddRow, target: OddRow) => void) | null,
): void {
  const extra = new Map<string, OddRow[]>()
  for (const row of findings.flatMap((each) => each.extra)) {
    const name = nameOf(row)
    const same = extra.get(name)
    if (same === undefined) extra.set(name, [row])
    else same.push(row)
  }
  if (extra.size === 0) return
  const taken = new Map<OddRow, number>()
  for (const found of findings) {
    found.missing = found.missing.filter((row) => {
      const partner = extra.get(nameOf(row))?.pop()
      if (partner === undefined) return true
      taken.set(partner, (taken.get(partner) ?? 0) + 1)
      onPair?.(found, row, partner)
      return false
    })
  }
  for (const found of findings) {
    found.extra = found.extra.filter((row) => {
      const times = taken.get(row) ?? 0
      if (times > 0) taken.set(row, times - 1)
      return times === 0
    })
  }
}

function isDifferent(found: Finding): boolean {
  return found.missing.length + found.extra.length + found.changed.length + found.unseenMissing + found.unseenExtra > 0
}

function different(bench: Bench, found: Finding, showValues: boolean): DifferentRange {
  return {
    from: found.range.from,
    to: found.range.to,
    residual: found.range.slice.kind === 'residual',
    missing: found.missing.length + found.unseenMissing,
    extra: found.extra.length + found.unseenExtra,
    changed: found.changed.length,
    examined: true,
    samples: samplesOf(bench, found, showValues),
  }
}
