/** A change of roles: everybody stands still, something is done, the roles change in one transaction; or everything is as before (docs/design/0009). */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { abortHold, beginHold, commitRoles, requireDualState } from '../control/dual-write.ts'
import { writersOf } from '../control/writers.ts'
import { HyperferryError, messageOf } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { Failpoint } from '../failpoints.ts'
import type { DualState, WriterInfo } from '../model.ts'
import type { Session, Target } from '../target/connect.ts'
import { commitUnknown, transaction } from '../target/transaction.ts'
import { withSession } from '../target/with-session.ts'

export interface HoldOptions {
  to: 'live' | 'dualwrite'
  /** How long writers may stand still. */
  seconds: number
  signal: AbortSignal
  /** Beside the writers' own answers: whether all is delivered. Asked again until it is. */
  drained?: () => Promise<boolean>
  /** What has to happen while nobody writes. `left`: milliseconds until the hold ends. */
  inside: (left: () => number) => Promise<void>
  failpoints: { prepared?: Failpoint; held: Failpoint; committing?: Failpoint; committed?: Failpoint }
}

const POLL_MS = 20
const PREPARE_SECONDS = 10
/** Until a writer that polls twenty times a second has heard of something. */
const HEARD_MS = 50
/** How long a writer that polls twice a second, and is busy, may take to hear that a change is near. */
const ATTENTIVE_MS = 3000

/** Returns the new epoch and for how long nobody could write. Throws HF-K010 when time ran out, and what `inside` throws; everything is as before then. */
export async function changeRoles(
  target: Target,
  migrationId: number,
  options: HoldOptions,
): Promise<{ epoch: number; pauseMs: number }> {
  const id = randomUUID()
  const before = await withSession(target, (session) => requireDualState(session, migrationId))
  const hold = (phase: 'prepare' | 'hold', seconds: number): Promise<boolean> =>
    withSession(target, (session) => beginHold(session, migrationId, { id, phase, seconds }))
  if (!(await hold('prepare', PREPARE_SECONDS)))
    throw new HyperferryError('HF-K010', { what: 'another change of roles is under way' })
  try {
    await attentive(target, migrationId, options.signal)
    if (options.failpoints.prepared) failpoint(options.failpoints.prepared)
    const began = performance.now()
    if (!(await hold('hold', options.seconds))) throw ranOut([])
    const left = (): number => options.seconds * 1000 - (performance.now() - began)
    await still(target, migrationId, { id, left, ...options })
    failpoint(options.failpoints.held)
    await options.inside(left)
    if (left() <= 0) throw ranOut([])
    mayGoOn(options.signal)
    const epoch = await commit(target, migrationId, { id, ...options }).catch((error: unknown) =>
      afterDoubt(target, migrationId, { id, before, to: options.to, error }),
    )
    if (options.failpoints.committed) failpoint(options.failpoints.committed)
    // Writers hear of it at their next look.
    return { epoch, pauseMs: Math.round(performance.now() - began) + HEARD_MS }
  } catch (error) {
    await withSession(target, (session) => abortHold(session, migrationId, id)).catch((second: unknown) => {
      // The hold ends by itself then; the reason must not be hidden by this.
      throw new HyperferryError('HF-K010', {
        what: `${messageOf(error)}; the hold ends by itself (${messageOf(second)})`,
        cause: error,
      })
    })
    throw error
  }
}

/**
 * Ends the hold of a tool that died in it: who calls this has the migration's lock, so nobody is in it any more. Then waits, a few seconds at most, until
 * the writers that are alive have heard of the epoch that is now: gates that ask for it would be closed for a moment else.
 */
export async function clearLeftover(target: Target, migrationId: number): Promise<void> {
  const epoch = await withSession(target, async (session) => {
    const { holdId } = await requireDualState(session, migrationId)
    if (holdId !== null) await abortHold(session, migrationId, holdId)
    return (await requireDualState(session, migrationId)).epoch
  })
  const end = performance.now() + 3000
  while (performance.now() < end) {
    const writers = await library(target, migrationId)
    if (writers.every((writer) => writer.state !== 'alive' || writer.epoch === epoch)) return
    await sleep(POLL_MS)
  }
}

/** Until every writer was heard of since then: whoever was told of a change that is near looks twenty times a second from then on. */
async function attentive(target: Target, migrationId: number, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  for (;;) {
    const sinceMs = performance.now() - began
    const missing = (await library(target, migrationId)).filter(({ heartbeatAgeMs }) => heartbeatAgeMs >= sinceMs)
    if (missing.length === 0) return
    mayGoOn(signal)
    if (sinceMs > ATTENTIVE_MS) throw ranOut(missing)
    await sleep(POLL_MS)
  }
}

/** Every writer that is open at this moment has to answer this hold; one that registers meanwhile too. */
async function still(
  target: Target,
  migrationId: number,
  { id, left, drained, signal }: HoldOptions & { id: string; left: () => number },
): Promise<void> {
  for (;;) {
    const writers = await library(target, migrationId)
    const moving = writers.filter((writer) => !isStill(writer, id))
    if (moving.length === 0 && (drained === undefined || (await drained()))) return
    mayGoOn(signal)
    if (left() <= 0) throw ranOut(moving)
    await sleep(POLL_MS)
  }
}

function isStill({ held, inFlight, pending, inDoubt }: WriterInfo, id: string): boolean {
  return held === id && inFlight + pending + inDoubt === 0
}

/**
 * The linearization point. A synchronous commit: everything before it is on disk with it. The answers are looked at once more under the lock of the row
 * that a writer shares when it registers: one that came while we were busy is asked too.
 */
async function commit(
  target: Target,
  migrationId: number,
  { id, to, failpoints }: HoldOptions & { id: string },
): Promise<number> {
  return withSession(target, (session) =>
    transaction(session, async () => {
      await session.query('set local synchronous_commit = on')
      const epoch = await commitRoles(session, migrationId, { holdId: id, stage: to })
      if (epoch === null) throw ranOut([])
      const moving = (await libraryOf(session, migrationId)).filter((writer) => !isStill(writer, id))
      if (moving.length > 0) throw ranOut(moving)
      if (failpoints.committing) failpoint(failpoints.committing)
      return epoch
    }),
  )
}

/** A connection lost in COMMIT leaves open whether roles have changed: the row tells, once that transaction has ended. */
async function afterDoubt(
  target: Target,
  migrationId: number,
  { id, before, to, error }: { id: string; before: DualState; to: 'live' | 'dualwrite'; error: unknown },
): Promise<number> {
  if (!commitUnknown(error)) throw error
  const now = await withSession(target, async (session) => {
    await abortHold(session, migrationId, id)
    return requireDualState(session, migrationId)
  })
  if (now.stage !== to || now.epoch !== before.epoch + 1) throw error
  return now.epoch
}

function library(target: Target, migrationId: number): Promise<WriterInfo[]> {
  return withSession(target, (session) => libraryOf(session, migrationId))
}

async function libraryOf(session: Session, migrationId: number): Promise<WriterInfo[]> {
  return (await writersOf(session, migrationId)).filter(({ kind }) => kind === 'library')
}

function ranOut(writers: readonly WriterInfo[]): HyperferryError {
  const who = writers.map(
    ({ name, inFlight, pending, inDoubt, heartbeatAgeMs }) =>
      `${name} (${inFlight} running, ${pending} to deliver, ${inDoubt} in doubt, heard of ${heartbeatAgeMs} ms ago)`,
  )
  return new HyperferryError('HF-K010', {
    what: who.length === 0 ? 'the time for the hold ran out' : `not ready in time: ${who.join(', ')}`,
    details: { writers: writers.map(({ name }) => name) },
  })
}

function mayGoOn(signal: AbortSignal): void {
  if (signal.aborted) throw new HyperferryError('HF-B022', { what: 'the change of roles was interrupted' })
}
