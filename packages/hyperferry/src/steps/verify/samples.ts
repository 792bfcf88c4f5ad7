/** A few of the rows that differ, for people: by key, with values only when asked for. */
import { tupleTexts } from './bench.ts'
import type { Bench } from './bench.ts'
import type { RowSample } from './document.ts'
import type { CompareRange } from './ranges.ts'
import type { OddRow } from './row-diff.ts'

/** What one range holds that the other side does not, before ranges are balanced against each other. */
export interface Finding {
  range: CompareRange
  missing: OddRow[]
  extra: OddRow[]
  changed: { source: OddRow; target: OddRow }[]
  /** Rows that differ but were too many to keep; they count as missing and extra. */
  unseenMissing: number
  unseenExtra: number
}

const SAMPLES = 10

/** At most ten, of every kind some. */
export function samplesOf(bench: Bench, found: Finding, showValues: boolean): RowSample[] {
  const changed = found.changed.slice(0, SAMPLES).map((pair) => changedSample(bench, pair, showValues))
  const missing = found.missing.slice(0, SAMPLES).map((row) => oneSided(bench, 'missing', row, showValues))
  const extra = found.extra.slice(0, SAMPLES).map((row) => oneSided(bench, 'extra', row, showValues))
  const samples: RowSample[] = []
  for (let index = 0; index < SAMPLES; index += 1) {
    for (const list of [missing, extra, changed]) {
      const sample = list[index]
      if (sample !== undefined && samples.length < SAMPLES) samples.push(sample)
    }
  }
  return samples
}

function oneSided(bench: Bench, kind: 'missing' | 'extra', row: OddRow, showValues: boolean): RowSample {
  const texts = tupleTexts(bench, row.tuple)
  const sample: RowSample = { kind, key: named(bench, bench.shown, texts) }
  if (!showValues) return sample
  const values = named(bench, [...bench.columns.keys()], texts)
  return { ...sample, ...(kind === 'missing' ? { source: values } : { target: values }) }
}

function changedSample(bench: Bench, pair: Finding['changed'][number], showValues: boolean): RowSample {
  const source = tupleTexts(bench, pair.source.tuple)
  const target = tupleTexts(bench, pair.target.tuple)
  const places = [...bench.columns.keys()].filter((place) => source[place] !== target[place])
  const columns = places.map((place) => bench.columns[place] ?? '')
  const sample: RowSample = { kind: 'changed', key: named(bench, bench.shown, source), columns }
  if (!showValues) return sample
  return { ...sample, source: named(bench, places, source), target: named(bench, places, target) }
}

function named(bench: Bench, places: readonly number[], texts: readonly (string | null)[]): RowSample['key'] {
  return Object.fromEntries(places.map((place) => [bench.columns[place] ?? '', texts[place] ?? null]))
}
