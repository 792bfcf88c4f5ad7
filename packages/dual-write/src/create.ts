/** Starting a writer: journal, source, control schema, in this order; and what to do when not all of them are there. */
import { hostname } from 'node:os'
import type { Collections } from './collection.ts'
import { compileContract } from './collections.ts'
import { ClockOffset } from './clock.ts'
import type { WriterContext } from './context.ts'
import { Control } from './control.ts'
import type { RoleState } from './control.ts'
import { ContractNumberError, UnknownStageError } from './errors.ts'
import { openJournal } from './journal/open.ts'
import type { Journal } from './journal/journal.ts'
import { Lateness } from './lateness.ts'
import type { Contract } from './model.ts'
import { settingsOf } from './options.ts'
import type { DualWriterOptions, Settings } from './options.ts'
import { register } from './register.ts'
import { isSingle, Roles } from './roles.ts'
import { Writer } from './writer.ts'
import type { DualWriter } from './writer.ts'
import { WriteTimes } from './write-times.ts'

/**
 * Starts a writer. It knows the stage when this resolves: from the control schema, or from its journal folder while the target is away.
 * Throws JournalLockedError, JournalError, DeclarationError, ContractNumberError, UnknownStageError, and what the source throws.
 */
export async function createDualWriter<const C extends Collections>(
  options: DualWriterOptions<C>,
): Promise<DualWriter<C>> {
  const settings = settingsOf(options, hostname())
  const journal = await openJournal(settings.journal)
  try {
    const { markers } = await settings.source.prepare()
    const facts = factsOf(settings, journal)
    const ctx = contextOf(settings, journal, markers)
    await firstContact(ctx, facts)
    return new Writer(ctx, settings.collections, facts)
  } catch (error) {
    await journal.close()
    throw error
  }
}

/** What was remembered by an earlier process with this journal. */
interface Remembered {
  migration: string
  state: RoleState
  contract: Contract | null
}

function contextOf(settings: Settings<Collections>, journal: Journal, markers: boolean): WriterContext {
  const remembered = journal.remembered as Remembered | null | undefined
  const known = remembered?.migration === settings.migration ? remembered : null
  return {
    settings,
    journal,
    control: new Control(settings.target),
    roles: new Roles(known?.state ?? null),
    lateness: new Lateness(),
    writeTimes: new WriteTimes(),
    clock: new ClockOffset(),
    writerId: null,
    contracts:
      known?.contract == null ? null : compileContract(known.contract, known.state.contractHash, settings.collections),
    markers,
    problem: null,
    singlesSettledAt: 0,
    wake: { deliver() {}, outbox() {}, settle() {}, heartbeat() {} },
  }
}

async function firstContact(ctx: WriterContext, facts: Record<string, unknown>): Promise<void> {
  try {
    await register(ctx, facts)
  } catch (error) {
    if (error instanceof ContractNumberError) throw error
    const { state } = ctx.roles
    const trouble = ctx.control.trouble(error)
    if (trouble === 'absent' && state?.stage === 'complete') return
    // In a stage with two stores the journal (or the epoch in the target) guards every write; going on there is safe. Stage off guards nothing: the
    // stage may have changed while this process was away, and rows written to the source alone would be missing in the target.
    if (trouble === 'unreachable' && state !== null && !isSingle(state)) {
      ctx.settings.onEvent({ kind: 'control', reachable: false, error })
      return
    }
    if (ctx.settings.onUnknownStage === 'source' && isSingle(state)) return
    throw new UnknownStageError(whyUnknown(trouble), error)
  }
}

function whyUnknown(trouble: string): string {
  switch (trouble) {
    case 'absent':
      return 'this writer has written to both databases, and the control schema of the target is gone'
    case 'denied':
      return 'the role may not use the control schema of the target: hyperferry writers grant'
    case 'closed':
      return 'the journal of this writer was declared lost: give it another folder'
    default:
      return 'the target cannot be reached, and this machine does not know in which stage the migration is'
  }
}

function factsOf({ source, journal }: Settings<Collections>, { place }: Journal): Record<string, unknown> {
  return {
    host: hostname(),
    pid: process.pid,
    node: process.versions.node,
    engine: source.engine,
    durability: journal.durability ?? 'fsync',
    place,
  }
}
