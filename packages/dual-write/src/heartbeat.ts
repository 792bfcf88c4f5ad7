/** Tells the control schema how this writer stands, and hears who is primary. Twice a second; twenty times while roles change. */
import { compileContract } from './collections.ts'
import { nowUs } from './clock.ts'
import type { WriterContext } from './context.ts'
import type { Report, RoleState } from './control.ts'
import { DeclarationError } from './errors.ts'
import { isSingle } from './roles.ts'

const HEARTBEAT_MS = 500
const HURRIED_MS = 50

/** One exchange. Throws when the control schema gives no answer. */
export async function heartbeat(ctx: WriterContext, facts: Record<string, unknown>): Promise<void> {
  const { control, clock, writerId } = ctx
  if (writerId === null) return
  const sent = nowUs()
  const { state, nowUs: server } = await control.heartbeat(writerId, reportOf(ctx, facts))
  if (server !== null) clock.sample(sent, server, nowUs())
  await hear(ctx, state)
}

/** Milliseconds until the next one. */
export function pauseOf(ctx: WriterContext): number {
  return ctx.roles.state !== null && ctx.roles.state.phase !== 'open' ? HURRIED_MS : HEARTBEAT_MS
}

/** Acts on what the control schema says: the contract first, then the roles, and both are on disk before they hold. */
export async function hear(ctx: WriterContext, state: RoleState | null): Promise<void> {
  const { control, journal, roles, settings, writerId } = ctx
  if (state === null) return
  if (writerId !== null && ctx.contracts?.hash !== state.contractHash) {
    const contract = await control.contract(writerId)
    if (contract === null) return
    try {
      ctx.contracts = compileContract(contract, state.contractHash, settings.collections)
      ctx.problem = null
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error
      if (ctx.problem !== error.message) settings.onEvent({ kind: 'problem', message: error.message })
      ctx.problem = error.message
      // It goes on as it was, and says so: no completion point is found while a writer does not write to both.
      return
    }
  }
  if (isSame(roles.state, state)) return roles.update(state)
  const { stage, epoch, primary } = state
  await journal.remember({
    migration: settings.migration,
    state: { ...state, phase: 'open', holdId: null },
    contract: ctx.contracts?.contract ?? null,
  })
  roles.update(state)
  settings.onEvent({ kind: 'roles', stage, epoch, primary, phase: state.phase })
  ctx.wake.deliver()
  ctx.wake.outbox()
}

/** Of what has to survive a restart. */
function isSame(a: RoleState | null, b: RoleState): boolean {
  return (
    a !== null && a.stage === b.stage && a.epoch === b.epoch && a.phase === b.phase && a.contractHash === b.contractHash
  )
}

function reportOf(ctx: WriterContext, facts: Record<string, unknown>): Report {
  const { journal, roles, clock, lateness, writeTimes } = ctx
  const { pending, inDoubt } = journal.counts
  const best = clock.best
  return {
    stage: roles.state?.stage ?? 'off',
    epoch: roles.state?.epoch ?? 0,
    dual: isDual(ctx),
    held: isStill(ctx) ? roles.hold : null,
    barrier: roles.state?.barrier ?? 0,
    inFlight: roles.active,
    pending,
    inDoubt,
    low: Object.fromEntries([...journal.low()].map(([table, low]) => [table, String(low)])),
    lateness: lateness.report(),
    clockOffsetUs: best?.offsetUs ?? null,
    clockErrorUs: best?.errorUs ?? null,
    facts: { ...facts, markers: ctx.markers, problem: ctx.problem, writeTimes: writeTimes.report(performance.now()) },
  }
}

/** Whether every write of this process goes to both stores, and no earlier one can still commit in the source alone. */
function isDual(ctx: WriterContext): boolean {
  const { roles, singlesSettledAt } = ctx
  return !isSingle(roles.state) && roles.singles === 0 && performance.now() >= singlesSettledAt
}

/** On hold, and nothing is under way any more. While the target is primary the outbox is counted there. */
function isStill({ journal, roles }: WriterContext): boolean {
  const { inFlight, pending, inDoubt } = journal.counts
  return roles.hold !== null && roles.active === 0 && inFlight + pending + inDoubt === 0
}
