/** Step 10: the target becomes primary, under load; the source follows from then on. */
import { completionPoints } from '../control/completion.ts'
import { requireDualState } from '../control/dual-write.ts'
import { HyperferryError } from '../errors.ts'
import type { DualState, Gate, Inventory } from '../model.ts'
import { accepted, cutoverGates, gate } from '../report/live-gates.ts'
import { withSession } from '../target/with-session.ts'
import type { CopyRun } from '../work/attempts.ts'
import { usualRetry } from '../work/backoff.ts'
import { MemoryBudget } from '../work/budget.ts'
import { finalCopy } from '../work/final-copy.ts'
import type { FinalCopy } from '../work/final-copy.ts'
import { changeRoles } from '../work/hold.ts'
import { setSequences } from '../work/sequences.ts'
import type { StepContext } from './context.ts'
import { tailFault } from './cutover/tail.ts'

export interface CutoverOptions {
  /** How long writers may stand still. Default 5 seconds. */
  hold?: number
  /** Codes of gates that a person answers for, and why. */
  accept?: readonly string[]
  reason?: string
}

export interface CutoverResult {
  epoch: number
  primary: 'source' | 'target'
  /** For how long nobody could write; 0 when nothing was changed. */
  pauseMs: number
  gates: Gate[]
  notes: string[]
}

/** Keeps what the final copy has found, as evidence for the verdict. */
export type Keep = (step: string, output: () => Promise<FinalCopy>) => Promise<FinalCopy>

/** The gates as they are now; changes nothing. Throws HF-W014 before dual-writing. */
export async function readGates(ctx: StepContext): Promise<{ state: DualState; gates: Gate[] }> {
  return withSession(ctx.target, async (session) => {
    const state = await requireDualState(session, ctx.migrationId)
    return { state, gates: await cutoverGates(session, ctx.plan, { migrationId: ctx.migrationId, state }) }
  })
}

/**
 * When the target is primary already it says so and changes nothing. Throws HF-K011 with all gates when one is closed, HF-K010 when the hold was too short,
 * HF-K013 when both differ in it, HF-K014 when the relational tables cannot be brought up to date; everything is as before then.
 */
export async function cutover(ctx: StepContext, options: CutoverOptions, keep: Keep): Promise<CutoverResult> {
  const seconds = options.hold ?? 5
  const { state, gates: found } = await readGates(ctx)
  if (state.primary === 'target') {
    const { epoch, primary } = state
    return {
      epoch,
      primary,
      pauseMs: 0,
      gates: [],
      notes: [`The target is primary already (stage ${state.stage}); nothing changed.`],
    }
  }
  const gates = accepted(found, options.accept ?? [], options.reason)
  mustBeOpen(gates)
  const run = runOf(ctx)
  const began = performance.now()
  const rehearsal = await keep('final-copy', () => finalCopy(run, ctx))
  const again = performance.now()
  await finalCopy(run, ctx)
  const tookMs = performance.now() - again
  gates.push(
    gate(
      'HF-G016',
      tookMs < (seconds * 1000) / 2,
      `the final copy takes ${Math.round(tookMs)} ms of a hold of ${seconds} s (the first one took ${Math.round(again - began)} ms)`,
    ),
  )
  mustBeOpen(gates)
  const inventory = await ctx.source.inventory()
  const { epoch, pauseMs } = await changeRoles(ctx.target, ctx.migrationId, {
    to: 'live',
    seconds,
    signal: ctx.signal,
    failpoints: {
      prepared: 'cutover.after-prepare',
      held: 'cutover.in-hold',
      committing: 'cutover.before-commit',
      committed: 'cutover.after-commit',
    },
    inside: async (left) => {
      await keep('final-copy', () => finalCopy(run, ctx))
      await mustBeEqual(ctx, left)
      await sequences(ctx, inventory)
      if (left() <= 0)
        throw new HyperferryError('HF-K010', { what: `the final copy took longer than the hold of ${seconds} s` })
    },
  })
  const moved = rehearsal.tables.filter(({ changes }) => changes !== null).map(({ name }) => name)
  return {
    epoch,
    primary: 'target',
    pauseMs,
    gates,
    notes: [
      ...(moved.length > 0 ? [`brought up to date: ${moved.join(', ')}`] : []),
      'The target decides now; the source follows. Back: hyperferry rollback. For good: hyperferry finish.',
    ],
  }
}

export function mustBeOpen(gates: readonly Gate[]): void {
  const closed = gates.filter(({ ok }) => !ok)
  if (closed.length === 0) return
  throw new HyperferryError('HF-K011', {
    what: closed.map(({ code, reason }) => `${code} ${reason}`).join('; '),
    details: { gates },
  })
}

function runOf(ctx: StepContext): CopyRun {
  return { target: ctx.target, budget: new MemoryBudget(), events: ctx.events, retry: usualRetry, stop: ctx.hardSignal }
}

/** Nobody writes: the youngest rows of every series must be the same number on both sides. */
async function mustBeEqual(ctx: StepContext, left: () => number): Promise<void> {
  const points = await withSession(ctx.target, (session) => completionPoints(session, ctx.migrationId))
  for (const table of ctx.plan.tables) {
    const point = points.get(table.source)
    if (table.kind !== 'timeseries' || point === undefined) continue
    const fault = await tailFault(ctx, table, { point, left })
    if (fault !== null) throw new HyperferryError('HF-K013', { what: `${table.name}: ${fault}` })
  }
}

/** Above both sides: the next insert that asks for a number gets a free one. */
async function sequences({ plan, target }: StepContext, inventory: Inventory): Promise<void> {
  const counting = plan.tables.filter(({ columns }) => columns.some(({ identity }) => identity))
  const sources = new Map(inventory.tables.map((table) => [table.name, table]))
  await withSession(target, async (session) => {
    for (const table of counting) await setSequences(session, plan.target.schema, table, sources.get(table.source))
  })
}
