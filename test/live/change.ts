// Cutover and rollback as their commands run them, with a step log and without a load test.
import { recorded } from '../../packages/hyperferry/src/recorded.ts'
import type { StepContext } from '../../packages/hyperferry/src/steps/context.ts'
import { cutover } from '../../packages/hyperferry/src/steps/cutover.ts'
import type { CutoverResult } from '../../packages/hyperferry/src/steps/cutover.ts'
import { rollback } from '../../packages/hyperferry/src/steps/rollback.ts'
import type { RollbackResult } from '../../packages/hyperferry/src/steps/rollback.ts'

export interface ChangeOptions {
  /** Seconds; default 30, so that only who is never ready is late. */
  hold?: number
  accept?: readonly string[]
  reason?: string
}

export function changeTo(
  ctx: StepContext,
  to: 'live' | 'dualwrite',
  options: ChangeOptions = {},
): Promise<CutoverResult | RollbackResult> {
  if (to === 'dualwrite')
    return recorded(ctx, 'rollback', () => rollback(ctx, { reason: 'a test', hold: 30, ...options }))
  const given = { reason: 'a test', hold: 30, ...options, accept: ['HF-G031', ...(options.accept ?? [])] }
  return recorded(ctx, 'cutover', () => cutover(ctx, given, (step, copy) => recorded(ctx, step, copy)))
}
