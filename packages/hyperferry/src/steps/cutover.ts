/** Step 10: the target becomes primary, under load; the source follows from then on. */
import { noteAccepted } from '../control/accepted.ts'
import { completionPoints } from '../control/completion.ts'
import { requireDualState } from '../control/dual-write.ts'
import { HyperferryError, messageOf } from '../errors.ts'
import type { DualState, Gate, Inventory } from '../model.ts'
import { accepted, cutoverGates, gate, mustBeOpen } from '../report/live-gates.ts'
import { withSession } from '../target/with-session.ts'
import type { CopyRun } from '../work/attempts.ts'
import { usualRetry } from '../work/backoff.ts'
import { MemoryBudget } from '../work/budget.ts'
import { finalCopy } from '../work/final-copy.ts'
import type { FinalCopy } from '../work/final-copy.ts'
import { changeRoles, clearLeftover } from '../work/hold.ts'
import { setSequences } from '../work/sequences.ts'
import type { StepContext } from './context.ts'
import { compareTail } from './cutover/tail.ts'

export interface CutoverOptions {
  /** How long writers may stand still, in seconds. Default 5. */
  hold?: number
  /** Codes of gates that a person answers for, and why. */
  accept?: readonly string[]
  reason?: string
}

export interface CutoverResult {
  epoch: number
  primary: 'source' | 'target'
  /** For how long nobody could write, in milliseconds; 0 when nothing was changed. */
  pauseMs: number
  gates: Gate[]
  notes: string[]
}

/** Keeps what the final copy has found, as evidence for the verdict. */
export type Keep = (step: string, output: () => Promise<FinalCopy>) => Promise<FinalCopy>

/** The gates as they are now; changes nothing. `copied`: the final copy was rehearsed. Throws HF-W014 before dual-writing. */
export async function readGates(ctx: StepContext, copied = false): Promise<{ state: DualState; gates: Gate[] }> {
  return withSession(ctx.target, async (session) => {
    const state = await requireDualState(session, ctx.migrationId)
    return { state, gates: await cutoverGates(session, ctx.plan, { migrationId: ctx.migrationId, state, copied }) }
  })
}

/**
 * When the target is primary already it says so and changes nothing. Throws HF-K011 with all gates when one is closed, HF-K010 when the hold was too short,
 * HF-K013 when both differ in it, HF-K014 when the relational tables cannot be brought up to date, HF-B022; the roles are as before then.
 */
export async function cutover(ctx: StepContext, options: CutoverOptions, keep: Keep): Promise<CutoverResult> {
  await clearLeftover(ctx.target, ctx.migrationId)
  const { state, gates: found } = await readGates(ctx)
  if (state.primary === 'target') return nothingToDo(state)
  const opened = (gates: readonly Gate[]): Gate[] => accepted(gates, options.accept ?? [], options.reason)
  mustBeOpen(opened(found))
  const seconds = options.hold ?? 5
  const rehearsal = await rehearse(ctx, seconds, keep)
  const gates = opened([...(await readGates(ctx, true)).gates, rehearsal.gate])
  mustBeOpen(gates)
  await withSession(ctx.target, (session) => noteAccepted(session, ctx.migrationId, found, options))
  // Numbers that were given out for rows that are gone are known to the source alone; asking may take longer than a hold.
  const inventory = await ctx.source.inventory()
  await sequences(ctx, inventory)
  const notes = rehearsal.moved.length > 0 ? [`brought up to date: ${rehearsal.moved.join(', ')}`] : []
  const { epoch, pauseMs } = await changeRoles(ctx.target, ctx.migrationId, {
    to: 'live',
    seconds,
    signal: ctx.signal,
    failpoints: FAILPOINTS,
    inside: async (left) => {
      await copyInside(ctx, rehearsal.quarantined, keep)
      notes.push(...(await mustBeEqual(ctx, left)))
      await sequences(ctx, inventory)
    },
  })
  notes.push('The target decides now; the source follows. Back: hyperferry rollback. For good: hyperferry finish.')
  return { epoch, primary: 'target', pauseMs, gates, notes }
}

const FAILPOINTS = {
  prepared: 'cutover.after-prepare',
  held: 'cutover.in-hold',
  committing: 'cutover.before-commit',
  committed: 'cutover.after-commit',
} as const

function nothingToDo({ epoch, primary, stage }: DualState): CutoverResult {
  const notes = [`The target is primary already (stage ${stage}); nothing changed.`]
  return { epoch, primary, pauseMs: 0, gates: [], notes }
}

interface Rehearsal {
  gate: Gate
  /** Tables that had to be changed. */
  moved: string[]
  quarantined: number
}

/** Twice: what the first one had to bring is no measure for what is left to the hold. */
async function rehearse(ctx: StepContext, seconds: number, keep: Keep): Promise<Rehearsal> {
  const run = runOf(ctx, usualRetry)
  const began = performance.now()
  const first = await keep('final-copy', () => finalCopy(run, ctx))
  const firstMs = Math.round(performance.now() - began)
  const again = performance.now()
  const second = await keep('final-copy', () => finalCopy(run, ctx))
  const tookMs = Math.round(performance.now() - again)
  const fits = tookMs < (seconds * 1000) / 2
  const reason = `the final copy takes ${tookMs} ms of a hold of ${seconds} s (the first one took ${firstMs} ms)`
  return {
    gate: gate('HF-G016', fits, reason),
    moved: first.tables.filter(({ changes }) => changes !== null).map(({ name }) => name),
    quarantined: quarantinedIn(second),
  }
}

function quarantinedIn({ tables }: FinalCopy): number {
  return tables.reduce((sum, each) => sum + each.quarantined, 0)
}

function runOf({ target, events, hardSignal }: StepContext, retry: CopyRun['retry']): CopyRun {
  return { target, budget: new MemoryBudget(), events, retry, stop: hardSignal }
}

/** A lock that is in the way for a moment is forgiven; more patience than a hold lasts helps nobody. */
const SHORT_RETRY = { attempts: 8, firstMs: 20, longestMs: 200 }

async function copyInside(ctx: StepContext, quarantined: number, keep: Keep): Promise<void> {
  let copy: FinalCopy
  try {
    copy = await keep('final-copy', () => finalCopy(runOf(ctx, SHORT_RETRY), ctx))
  } catch (error) {
    if (error instanceof HyperferryError && (error.code.startsWith('HF-K') || error.code === 'HF-B022')) throw error
    throw new HyperferryError('HF-K014', { what: messageOf(error), cause: error })
  }
  const now = quarantinedIn(copy)
  if (now <= quarantined) return
  throw new HyperferryError('HF-K014', {
    what: `${now - quarantined} rows that were written since the rehearsal do not fit into the target`,
    hint: 'See `hyperferry quarantine list`, then try again.',
  })
}

/** Of the time that is left, so much may go into counting, by all tables together; sequences and the commit need the rest. */
const FOR_COUNTING = 0.6

/** Nobody writes: the youngest rows of every series must be the same number on both sides. Returns notes on what was not counted. */
async function mustBeEqual(ctx: StepContext, left: () => number): Promise<string[]> {
  const points = await withSession(ctx.target, (session) => completionPoints(session, ctx.migrationId))
  const series = ctx.plan.tables.filter(({ kind }) => kind === 'timeseries')
  const notes: string[] = []
  for (const [index, table] of series.entries()) {
    const point = points.get(table.source)
    if (point === undefined) continue
    const ms = Math.max(0, (left() * FOR_COUNTING) / (series.length - index))
    const { fault, skipped } = await compareTail(ctx, table, { point, ms })
    if (fault !== null) throw new HyperferryError('HF-K013', { what: `${table.name}: ${fault}` })
    if (skipped !== null) notes.push(`${table.name} was not counted inside the hold: ${skipped}`)
  }
  return notes
}

/** Above both sides: the next insert that asks for a number gets a free one. */
async function sequences({ plan, target }: StepContext, inventory: Inventory): Promise<void> {
  const counting = plan.tables.filter(({ columns }) => columns.some(({ identity }) => identity))
  const sources = new Map(inventory.tables.map((table) => [table.name, table]))
  await withSession(target, async (session) => {
    for (const table of counting) await setSequences(session, plan.target.schema, table, sources.get(table.source))
  })
}
