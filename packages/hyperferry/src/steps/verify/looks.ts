/** What differs between two stores that go on being written: only rows that differ at every look, each after everything older had arrived. */
import type { Session } from '../../target/connect.ts'
import { sourceRows, targetRows } from './bench.ts'
import type { Bench } from './bench.ts'
import type { CompareRange } from './ranges.ts'
import { diffRows } from './row-diff.ts'
import type { OddRow } from './row-diff.ts'
import type { Finding } from './samples.ts'

/** Rows that differ are kept up to this size in all; the rest is only counted. */
const KEEP_BYTES = 64 * 1024 * 1024

/** Compares ranges row by row. */
export async function look(
  bench: Bench,
  session: Session,
  ranges: readonly CompareRange[],
  options: { tableRows: number; mayGoOn: () => void },
): Promise<Finding[]> {
  const findings: Finding[] = []
  let room = KEEP_BYTES
  for (const range of ranges) {
    options.mayGoOn()
    const odd = await diffRows(sourceRows(bench, range.slice), targetRows(bench, session, range.where), {
      rows: options.tableRows,
      keepBytes: room,
    })
    for (const row of [...odd.missing, ...odd.extra]) room -= row.tuple.length
    findings.push({
      range,
      missing: odd.missing,
      extra: odd.extra,
      changed: [],
      unseenMissing: odd.missingRows - odd.missing.length,
      unseenExtra: odd.extraRows - odd.extra.length,
    })
  }
  return findings
}

/**
 * Rows that differed before and differ now. A row that was missing at the first look and is there at the second was on its way; one that is missing only
 * at the second came to the source after the first.
 */
export function stillOdd(before: readonly Finding[], now: readonly Finding[]): Finding[] {
  const missing = counted(before.flatMap((each) => each.missing))
  const extra = counted(before.flatMap((each) => each.extra))
  const unseen = before.reduce(
    (sum, each) => ({ missing: sum.missing + each.unseenMissing, extra: sum.extra + each.unseenExtra }),
    { missing: 0, extra: 0 },
  )
  return now.map((each) => {
    const unseenMissing = Math.min(each.unseenMissing, unseen.missing)
    const unseenExtra = Math.min(each.unseenExtra, unseen.extra)
    unseen.missing -= unseenMissing
    unseen.extra -= unseenExtra
    return {
      ...each,
      missing: each.missing.filter((row) => taken(missing, row.hash)),
      extra: each.extra.filter((row) => taken(extra, row.hash)),
      unseenMissing,
      unseenExtra,
    }
  })
}

function counted(rows: readonly OddRow[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { hash } of rows) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  return counts
}

function taken(counts: Map<string, number>, hash: string): boolean {
  const left = counts.get(hash) ?? 0
  if (left === 0) return false
  counts.set(hash, left - 1)
  return true
}
