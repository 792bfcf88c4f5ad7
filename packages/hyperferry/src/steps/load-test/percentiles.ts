/** Percentiles of measured times. */

export interface Percentiles {
  p50: number
  p95: number
  p99: number
}

/** Samples kept per query; later ones are counted and not kept. */
const MAX_SAMPLES = 1_000_000

export function addSample(samples: number[], ms: number): void {
  if (samples.length < MAX_SAMPLES) samples.push(ms)
}

/** Nearest rank: the smallest sample that at least so many percent do not exceed. Null without samples. */
export function percentiles(samples: readonly number[]): Percentiles | null {
  if (samples.length === 0) return null
  const sorted = Float64Array.from(samples).toSorted()
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { p50: round(at(0.5)), p95: round(at(0.95)), p99: round(at(0.99)) }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
