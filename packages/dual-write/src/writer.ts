/** One writer: the parts put together, and what an application can ask of it. */
import type { Collections, RowOf } from './collection.ts'
import type { WriterContext } from './context.ts'
import { ToSource } from './delivery/to-source.ts'
import { ToTarget } from './delivery/to-target.ts'
import { settleDoubts } from './doubt.ts'
import { DeclarationError, OutcomeUnknownError } from './errors.ts'
import { heartbeat, pauseOf } from './heartbeat.ts'
import { Loop } from './loop.ts'
import type { Phase, Side, Stage } from './model.ts'
import { register } from './register.ts'
import { write } from './write.ts'
import type { WriteResult } from './write.ts'

export interface WriterStatus {
  stage: Stage
  epoch: number
  /** The store to read from. */
  primary: Side
  phase: Phase
  /** Whether the control schema answered the last time. */
  reachable: boolean
  /** Writes that the primary store was sent and has not answered. */
  inFlight: number
  /** Records on their way to the other store. */
  pending: number
  inDoubt: number
  problem: string | null
}

export interface DualWriter<C extends Collections> {
  /**
   * Writes all rows or none to the store that is primary; the other one follows, for certain. Rows are objects by the source's column names.
   * Throws ContractError, PrimaryFailedError, OutcomeUnknownError, NotAdmittedError or JournalError.
   */
  write<K extends keyof C & string>(name: K, rows: readonly RowOf<C[K]>[]): Promise<WriteResult>
  status(): WriterStatus
  /** Resolves true when nothing waits for the other store any more, false after `ms`. */
  drain(ms: number): Promise<boolean>
  /** Admits nothing more, waits for what runs, delivers for at most `drainMs` (default 10,000), and lets the journal go. What is left is delivered by the next process with this journal. */
  close(options?: { drainMs?: number }): Promise<void>
}

const LONGEST_PAUSE_MS = 5000

export class Writer<C extends Collections> implements DualWriter<C> {
  readonly #ctx: WriterContext
  readonly #declared: C
  readonly #facts: Record<string, unknown>
  readonly #loops: Loop[]
  readonly #toSource: ToSource
  #reachable: boolean
  #closing: Promise<void> | null = null

  constructor(ctx: WriterContext, declared: C, facts: Record<string, unknown>) {
    this.#ctx = ctx
    this.#declared = declared
    this.#facts = facts
    this.#reachable = ctx.writerId !== null
    const toTarget = new ToTarget(ctx)
    this.#toSource = new ToSource(ctx)
    const deliver = this.#loop(200, () => toTarget.turn(), 'target')
    const outbox = this.#loop(200, () => this.#toSource.turn(), 'source')
    const settle = this.#loop(500, () => settleDoubts(ctx), null)
    const beat = this.#heartbeats()
    this.#loops = [deliver, outbox, settle, beat]
    ctx.wake = {
      deliver: () => deliver.wake(),
      outbox: () => outbox.wake(),
      settle: () => settle.wake(),
      heartbeat: () => beat.wake(),
    }
    for (const loop of this.#loops) loop.start()
  }

  write<K extends keyof C & string>(name: K, rows: readonly RowOf<C[K]>[]): Promise<WriteResult> {
    const declared = this.#declared[name]
    if (declared === undefined) return Promise.reject(new DeclarationError(`no collection "${name}" was declared`))
    return this.#timed(rows.length, () => write(this.#ctx, declared.table, rows))
  }

  /** What is refused is fast, and tells nothing of how the stores bear it. */
  async #timed(rows: number, send: () => Promise<WriteResult>): Promise<WriteResult> {
    const began = performance.now()
    const note = (): void => {
      const now = performance.now()
      if (rows > 0) this.#ctx.writeTimes.note(now - began, now)
    }
    try {
      const result = await send()
      note()
      return result
    } catch (error) {
      if (error instanceof OutcomeUnknownError) note()
      throw error
    }
  }

  status(): WriterStatus {
    const { roles, journal, problem } = this.#ctx
    const { pending, inDoubt } = journal.counts
    const { stage, epoch, primary, phase } = roles.state ?? NOTHING
    return {
      stage,
      epoch,
      primary,
      phase,
      reachable: this.#reachable,
      inFlight: roles.active,
      pending,
      inDoubt,
      problem,
    }
  }

  async drain(ms: number): Promise<boolean> {
    const end = performance.now() + ms
    const { journal, wake } = this.#ctx
    for (;;) {
      const { inFlight, pending, inDoubt } = journal.counts
      if (inFlight + pending + inDoubt === 0) return true
      if (performance.now() > end) return false
      wake.deliver()
      wake.settle()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  close(options: { drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 10_000)
    return this.#closing
  }

  async #close(drainMs: number): Promise<void> {
    const { roles, journal, control, writerId } = this.#ctx
    roles.close('this writer was closed')
    const end = performance.now() + drainMs
    while (roles.active > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
    const drained = await this.drain(Math.max(0, end - performance.now()))
    await Promise.all(this.#loops.map((loop) => loop.stop()))
    await this.#emptyOutbox(end)
    try {
      // Only who has delivered everything may say that nothing more will come.
      if (drained && roles.active === 0 && writerId !== null) await control.close(writerId)
    } catch (error) {
      this.#ctx.settings.onEvent({ kind: 'control', reachable: false, error })
    } finally {
      await journal.close()
    }
  }

  /** The last writer of a day must not leave the source behind until the next one starts. */
  async #emptyOutbox(end: number): Promise<void> {
    try {
      while (performance.now() < end && (await this.#toSource.turn()));
    } catch (error) {
      // It stands in the target: whoever starts next delivers it.
      this.#ctx.settings.onEvent({ kind: 'delivery-waits', to: 'source', error, waiting: 0 })
    }
  }

  #heartbeats(): Loop {
    return new Loop({
      idleMs: () => pauseOf(this.#ctx),
      longestMs: 1000,
      turn: async () => {
        await this.#beat()
        return false
      },
      onError: (error) => this.#unreachable(error),
    })
  }

  async #beat(): Promise<void> {
    const ctx = this.#ctx
    try {
      if (ctx.writerId === null) await register(ctx, this.#facts)
      else await heartbeat(ctx, this.#facts)
    } catch (error) {
      if (ctx.control.trouble(error) !== 'closed') throw error
      ctx.roles.close('this writer was closed by the tool: start the process anew')
      throw error
    }
    if (!ctx.markers) ctx.markers = (await ctx.settings.source.prepare()).markers
    else await this.#forget()
    if (!this.#reachable) ctx.settings.onEvent({ kind: 'control', reachable: true, error: null })
    this.#reachable = true
  }

  #forgottenAt = 0

  /** Markers of ops that were settled and delivered are of no use; taken away some thousands at a time. */
  async #forget(): Promise<void> {
    const { journal, settings } = this.#ctx
    const { floor } = journal
    if (floor - this.#forgottenAt < FORGET_EVERY) return
    await settings.source.forget(journal.id, floor)
    this.#forgottenAt = floor
  }

  #unreachable(error: unknown): void {
    if (this.#reachable) this.#ctx.settings.onEvent({ kind: 'control', reachable: false, error })
    this.#reachable = false
  }

  #loop(idleMs: number, turn: () => Promise<boolean>, to: Side | null): Loop {
    const { settings, journal } = this.#ctx
    return new Loop({
      idleMs: () => idleMs,
      longestMs: LONGEST_PAUSE_MS,
      turn: async () => {
        const more = await turn()
        // In a hold the tool waits for nothing but the word that all is delivered.
        if (this.#ctx.roles.hold !== null) this.#ctx.wake.heartbeat()
        return more
      },
      onError: (error) =>
        settings.onEvent({ kind: 'delivery-waits', to: to ?? 'source', error, waiting: journal.counts.pending }),
    })
  }
}

const FORGET_EVERY = 1000
const NOTHING = { stage: 'off', epoch: 0, primary: 'source', phase: 'open' } as const
