/** A step with its entry in the step log: when it began, how it ended, what it answered. */
import { planHash } from './config/plan-file.ts'
import { finishStep, startStep } from './control/step-log.ts'
import { HyperferryError, messageOf } from './errors.ts'
import type { Json } from './model.ts'
import type { StepContext } from './steps/context.ts'
import type { Session } from './target/connect.ts'
import { VERSION } from './version.ts'

type Logged = Pick<StepContext, 'plan' | 'target' | 'events' | 'migrationId'>

/** Runs `step` and records its output, or the code it failed with; then throws what it threw. */
export async function recorded<T>(context: Logged, step: string, run: () => Promise<T>): Promise<T> {
  context.events.emit({ kind: 'step', step, message: '' })
  const { migrationId, plan } = context
  const start = { migrationId, step, tool: VERSION, planHash: planHash(plan) }
  const id = await briefly(context, (session) => startStep(session, start))
  try {
    const output = await run()
    await briefly(context, (session) => finishStep(session, id, 'done', output as Json))
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
    await briefly(context, (session) => finishStep(session, id, status, { code, message: messageOf(error) }))
  } catch (second) {
    context.events.emit({
      kind: 'note',
      table: null,
      code: null,
      message: `not recorded in the step log: ${messageOf(second)}`,
    })
  }
}

async function briefly<T>(context: Logged, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await context.target.session({ extra: true })
  try {
    return await use(session)
  } finally {
    await session.release()
  }
}
