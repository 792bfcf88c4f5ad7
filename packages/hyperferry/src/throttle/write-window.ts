/** Writes that ended, look by look. */
import { growthOf, sumOf, writesIn } from '../control/write-counts.ts'
import type { WriteCounts } from '../control/write-counts.ts'
import type { WriteTimes } from '../control/write-times.ts'

/** What is told of now. */
const USUAL_MS = 10_000
/** Further back nothing is told of now, however few writes there are. */
export const LONGEST_MS = 150_000

export class WriteWindow {
  #totals = new Map<string, WriteCounts>()
  #looks: { ms: number; counts: WriteCounts; underWay: boolean }[] = []

  /** Writers that are new bring what they did before they were seen: that is not of now. */
  note(writers: readonly WriteTimes[], nowMs: number): void {
    const grown = writers.flatMap(({ writer, total }) => {
      const before = this.#totals.get(writer)
      return before === undefined ? [] : [growthOf(before, total)]
    })
    this.#totals = new Map(writers.map(({ writer, total }) => [writer, total]))
    const kept = this.#looks.filter(({ ms }) => ms > nowMs - LONGEST_MS)
    this.#looks = [...kept, { ms: nowMs, counts: sumOf(grown), underWay: writers.some(({ inFlight }) => inFlight > 0) }]
  }

  /** Whether writes were under way in every look after `sinceMs`, and none has ended. */
  isStuck(sinceMs: number): boolean {
    const looks = this.#looks.filter(({ ms }) => ms > sinceMs)
    return looks.length > 1 && looks.every(({ counts, underWay }) => underWay && writesIn(counts) === 0)
  }

  /** Whether none was under way in any look after `sinceMs`, and none has ended. */
  isIdle(sinceMs: number): boolean {
    const looks = this.#looks.filter(({ ms }) => ms > sinceMs)
    return looks.length > 1 && looks.every(({ counts, underWay }) => !underWay && writesIn(counts) === 0)
  }

  /** Those after `sinceMs`: of the last ten seconds, or from so far back that there are `least` of them. */
  after(sinceMs: number, nowMs: number, least: number): WriteCounts {
    const taken: WriteCounts[] = []
    let writes = 0
    for (const { ms, counts } of this.#looks.toReversed()) {
      if (ms <= sinceMs || (ms <= nowMs - USUAL_MS && writes >= least)) break
      taken.push(counts)
      writes += writesIn(counts)
    }
    return sumOf(taken)
  }
}
