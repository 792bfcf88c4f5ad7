/** A step with its entry in the step log: when it began, how it ended, what it answered. */
import { planHash } from './config/plan-file.ts'
import { finishStep, startStep } from './control/step-log.ts'
import { HyperferryError, messageOf } from './errors.ts'
import type { Json } from './model.ts'
import type { StepContext } from './steps/context.ts'
import { withSession } from './target/with-session.ts'
import { VERSION } from './version.ts'

type Logged = Pick<StepContext, 'plan' | 'target' | 'events' | 'migrationId'>

/** Runs `step` and records its output, or the code it failed with; then throws what it threw. */
export async function recorded<T>(context: Logged, step: string, run: () => Promise<T>): Promise<T> {
  context.events.emit({ kind: 'step', step, message: '' })
  const { migrationId, plan } = context
  const start = { migrationId, step, tool: VERSION, planHash: planHash(plan) }
  const id = await withSession(context.target, (session) => startStep(session, start), { extra: true })
  try {
    const output = await run()
    await withSession(context.target, (session) => finishStep(session, id, 'done', output as Json), { extra: true })
    return output
  } catch (error) {
    await recordFailure(context, id, error)
    throw error
  }
}

/** The log is a courtesy here: when the target is gone, the reason of the failure must not be hidden by another one. */
async function recordFailure(context: Logged, id: string, error: unknown): Promise<void> {
  const code = error instanceof HyperferryError ? error.code : 'HF-X001'
  const status = code === 'HF-B022' ? 'interrupted' : 'failed'
  try {
    await withSession(
      context.target,
      (session) => finishStep(session, id, status, { code, message: messageOf(error) }),
      { extra: true },
    )
  } catch (second) {
    context.events.emit({
      kind: 'note',
      table: null,
      code: null,
      message: `not recorded in the step log: ${messageOf(second)}`,
    })
  }
}
