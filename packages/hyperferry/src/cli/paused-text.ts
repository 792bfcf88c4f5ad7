import { reasonText } from '../index.ts'
import type { PaceState } from '../index.ts'

/** `paused: target replication lag 41 s > 30 s (resumes below 15 s)`; empty when work goes on. */
export function pausedText(state: Pick<PaceState, 'reasons'> | null): string {
  const reasons = state?.reasons ?? []
  return reasons.length === 0 ? '' : `paused: ${reasons.map(reasonText).join('; ')}`
}
