/** How late rows come: commit time minus row time. The completion point is chosen by it (docs/design/0009). */

/** As it stands in the control schema, times in microseconds. `counts[i]`: rows later than 2^i ms and not later than 2^(i+1). */
export interface LatenessReport {
  rows: number
  minUs: number
  maxUs: number
  counts: number[]
}

const MS = 1000
/** 2^40 ms are 35 years. */
const BUCKETS = 41

export class Lateness {
  readonly #tables = new Map<string, LatenessReport>()

  /** Rows of a table that were just committed; `times` are their own times, `nowUs` is the target's clock. All in microseconds. */
  note(table: string, times: readonly bigint[], nowUs: bigint): void {
    if (times.length === 0) return
    let report = this.#tables.get(table)
    if (report === undefined) {
      report = { rows: 0, minUs: Infinity, maxUs: -Infinity, counts: Array.from({ length: BUCKETS }, () => 0) }
      this.#tables.set(table, report)
    }
    for (const time of times) {
      const late = Number(nowUs - time)
      report.rows += 1
      report.minUs = Math.min(report.minUs, late)
      report.maxUs = Math.max(report.maxUs, late)
      if (late <= MS) continue
      const bucket = Math.min(BUCKETS - 1, Math.ceil(Math.log2(late / MS)) - 1)
      report.counts[bucket] = (report.counts[bucket] ?? 0) + 1
    }
  }

  /** By source table. */
  report(): Record<string, LatenessReport> {
    return Object.fromEntries(this.#tables)
  }
}
