// Ratios of pairs, and how sure of them one can be.

/** 95 % quantiles of Student's t, one-sided, for 1 to 12 degrees of freedom. */
const T95 = [6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782]

/** Geometric mean of ours by theirs, and its upper 95 % bound by the t-interval of the logarithms; null with fewer than three pairs. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): { ratio: number; upper: number | null } {
  const logs = ours.map((value, index) => Math.log(value / (theirs[index] ?? Number.NaN)))
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  if (logs.length < 3) return { ratio: Math.exp(mean), upper: null }
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1)
  const t = T95[Math.min(logs.length - 2, T95.length - 1)] ?? Number.NaN
  return { ratio: Math.exp(mean), upper: Math.exp(mean + t * Math.sqrt(variance / logs.length)) }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
