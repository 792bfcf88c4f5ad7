import { reasonText } from '../index-copy.ts'
import type { PaceState } from '../index-copy.ts'

/** `paused: target replication lag 41 s > 30 s (resumes below 15 s)`; empty when work goes on. */
export function pausedText(state: Pick<PaceState, 'reasons'> | null): string {
  const reasons = state?.reasons ?? []
  return reasons.length === 0 ? '' : `paused: ${reasons.map(reasonText).join('; ')}`
}
