/** Whether the application writes while both stores are compared, and who owns which rows then. */
import { completionPoints } from '../../control/completion.ts'
import { dualState, isLive } from '../../control/dual-write.ts'
import { controlVersion } from '../../control/install.ts'
import type { CompletionPoint, DualState } from '../../model.ts'
import { withSession } from '../../target/with-session.ts'
import type { StepContext } from '../context.ts'

export interface Live {
  state: DualState
  /** By source table. */
  points: Map<string, CompletionPoint>
}

/** First version of the control schema that knows of writers. */
const WITH_WRITERS = 3

/** null when nobody writes to both stores: nothing is on its way then. */
export async function liveOf(ctx: StepContext): Promise<Live | null> {
  return withSession(ctx.target, async (session) => {
    // This step installs nothing: the schema may be one that an older tool left.
    if (((await controlVersion(session)) ?? 0) < WITH_WRITERS) return null
    const state = await dualState(session, ctx.migrationId)
    if (state === null || !isLive(state)) return null
    return { state, points: await completionPoints(session, ctx.migrationId) }
  })
}
