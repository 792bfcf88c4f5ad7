// What the writers saw, phase by phase.

export interface Write {
  /** When it was meant to begin, by `clock`. */
  at: number
  /** From then until the answer. */
  ms: number
  /** Code of the error that the application heard. */
  error: string | null
  /** Writes that the target did not have yet. */
  waiting: number
}

export interface Phase {
  name: string
  from: number
  to: number
}

export interface Latency {
  phase: string
  seconds: number
  writes: number
  /** How often which error came. */
  errors: Record<string, number>
  p50: number
  p99: number
  max: number
  /** The most writes of one process that the target did not have yet. */
  waiting: number
}

/** Writes that were meant to begin in the phase. One that failed took as long as it took. */
export function latencyIn({ name, from, to }: Phase, all: readonly Write[]): Latency {
  const writes = all.filter(({ at }) => at >= from && at < to)
  const sorted = writes.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
  const errors: Record<string, number> = {}
  for (const { error } of writes) if (error !== null) errors[error] = (errors[error] ?? 0) + 1
  return {
    phase: name,
    seconds: (to - from) / 1000,
    writes: writes.length,
    errors,
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    waiting: Math.max(...writes.map(({ waiting }) => waiting)),
  }
}
