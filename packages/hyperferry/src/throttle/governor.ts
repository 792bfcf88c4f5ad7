/** The one place that decides whether a task may start and how many run: it watches both servers and the word of people, on sessions of its own. */
import { liftPause, NOTHING_SAID, putPause, readPace, sayPace, setPace } from '../control/pacing.ts'
import type { PaceWord } from '../control/pacing.ts'
import { readQuietTimes, readWriteTimes } from '../control/write-times.ts'
import { HyperferryError, messageOf } from '../errors.ts'
import type { Json, Load, PauseLimit } from '../model.ts'
import { PAUSE_LIMITS } from '../model.ts'
import type { Session, Target } from '../target/connect.ts'
import { withSession } from '../target/with-session.ts'
import { Judge } from './judge.ts'
import type { Pace, PaceOrder, PaceState } from './pace.ts'
import { reasonText } from './reason.ts'
import { settled } from './settings.ts'
import type { PaceSettings } from './settings.ts'
import { Spare } from './spare.ts'
import type { SparedWrites } from './spare.ts'
import { TargetLoad } from './target-load.ts'
import { watch } from './watch.ts'
import type { Watch } from './watch.ts'
import { WatchSession } from './watch-session.ts'

export interface GovernorOptions {
  target: Target
  migrationId: number
  plan: PaceSettings
  /** null: there is no server that could be spared. */
  sourceLoad: ((wanted: readonly PauseLimit[]) => Promise<Load>) | null
  /** Called before there are more workers. */
  roomFor: (workers: number) => void
  /** `turn` throws HF-B040 instead of waiting. */
  noWait: boolean
  /** Who gives the orders of this terminal. */
  person: string
  tell: (state: PaceState | null) => void
  note: (message: string) => void
}

/** Most workers that a person may ask for. */
const MOST_WORKERS = 64
/** So often a backfill that waits says that it still does. */
const SAY_MS = 5000

export class Governor implements Pace {
  readonly #options: GovernorOptions
  readonly #end = new AbortController()
  readonly #judge = new Judge()
  readonly #targetLoad = new TargetLoad()
  readonly #values = new Map<PauseLimit, number | null>()
  readonly #waiting = new Set<() => void>()
  readonly #listeners = new Set<() => void>()
  readonly #noted = new Set<string>()
  readonly #spare = new Spare()
  #spared: SparedWrites | null = null
  /** Whether the writers were looked at, and whether a task has ever run. */
  #begun = false
  #worked = false
  #running = 0
  /** Since the last look. */
  #mostRunning = 0
  #word: PaceWord = NOTHING_SAID
  #state: PaceState
  #told = ''
  #said = { text: '', at: Number.NEGATIVE_INFINITY }
  readonly #session: WatchSession
  #watches: Watch[] = []

  constructor(options: GovernorOptions) {
    this.#options = options
    this.#session = new WatchSession(options.target)
    this.#state = {
      reasons: [],
      workers: options.plan.workers,
      spared: null,
      limits: [],
      window: null,
    }
  }

  get workers(): number {
    return this.#state.workers
  }

  get #settings(): PaceSettings {
    return settled(this.#options.plan, this.#word)
  }

  /** Returns when both servers and the word of people were looked at once: the first task must not start before. */
  async start(): Promise<void> {
    const failed = (of: string) => (why: string) => this.#noteOnce(of, `${of} cannot be watched, work goes on: ${why}`)
    // The word comes first: it says what else is to be looked at.
    const target = watch(() => this.#lookAtTarget(), failed('the target'), this.#end.signal)
    this.#watches.push(target)
    await target.begun
    const source = watch(() => this.#lookAtSource(), failed('the source'), this.#end.signal)
    this.#watches.push(source)
    await source.begun
    this.#decide()
    const { workers, setBy } = this.#word
    if (workers !== null && workers !== this.#options.plan.workers)
      this.#options.note(
        `${workers} workers, as ${setBy} has set; \`hyperferry backfill set --reset\` is back to the plan`,
      )
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#watches.map(({ ended }) => ended))
    await this.#session.last((session) => sayPace(session, this.#options.migrationId, null))
    this.#options.tell(null)
  }

  async turn(signal: AbortSignal): Promise<void> {
    while (this.#state.reasons.length > 0) {
      if (signal.aborted) throw interrupted()
      if (this.#options.noWait) throw paused(this.#state)
      await new Promise<void>((resolve) => {
        const go = (): void => {
          this.#waiting.delete(go)
          signal.removeEventListener('abort', go)
          resolve()
        }
        this.#waiting.add(go)
        signal.addEventListener('abort', go)
      })
    }
    if (signal.aborted) throw interrupted()
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#worked = true
    this.#running += 1
    this.#mostRunning = Math.max(this.#mostRunning, this.#running)
    try {
      return await work()
    } finally {
      this.#running -= 1
    }
  }

  onWorkers(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the person at this terminal wants; it holds for every terminal, and for the next run. */
  obey(order: PaceOrder): void {
    const { target, migrationId, person: by } = this.#options
    const { workers: wanted } = this.#settings
    const workers = Math.min(MOST_WORKERS, Math.max(1, wanted + (order === 'more workers' ? 1 : -1)))
    const carryOut = (session: Session): Promise<void> => {
      if (order !== 'pause or resume') return setPace(session, migrationId, { by, workers })
      if (this.#word.paused !== null) return liftPause(session, migrationId, by)
      return putPause(session, migrationId, { by, reason: null })
    }
    const done = withSession(
      target,
      async (session) => {
        await carryOut(session)
        this.#word = await readPace(session, migrationId)
        this.#decide()
      },
      { extra: true },
    )
    done.catch((error: unknown) => this.#options.note(`not done: ${messageOf(error)}`))
  }

  async #lookAtTarget(): Promise<void> {
    const { target, migrationId } = this.#options
    try {
      const session = await this.#session.get()
      this.#word = await readPace(session, migrationId)
      await this.#lookAtWriters(session)
      this.#decide()
      const server = { ours: target.backends(), postgres: target.capabilities.postgres }
      this.#take(await this.#targetLoad.read(session, this.#wanted('target'), server), 'target')
      await this.#say(session)
    } catch (error) {
      this.#forget('target')
      void this.#session.drop()
      throw error
    }
  }

  async #lookAtWriters(session: Session): Promise<void> {
    const { migrationId } = this.#options
    const times = await readWriteTimes(session, migrationId)
    if (!this.#begun) this.#spare.begin(times, await readQuietTimes(session, migrationId), !this.#worked)
    this.#begun = true
    const { workers: most, writerSlowdown: slowdown } = this.#settings
    const busy = this.#mostRunning
    this.#mostRunning = this.#running
    this.#spared = this.#spare.look(times, { most, slowdown, busy, nowMs: performance.now() })
  }

  async #lookAtSource(): Promise<void> {
    const wanted = this.#wanted('source')
    if (wanted.length === 0) return
    const { sourceLoad } = this.#options
    if (sourceLoad === null)
      return this.#noteOnce('file', `${wanted.join(', ')}: a file has no load, so there is nothing to wait for`)
    try {
      this.#take(await sourceLoad(wanted), 'source')
    } catch (error) {
      this.#forget('source')
      throw error
    }
  }

  #wanted(side: 'source' | 'target'): PauseLimit[] {
    return [...this.#settings.limits.keys()].filter((name) => PAUSE_LIMITS[name].side === side)
  }

  #take({ values, blind }: Load, side: 'source' | 'target'): void {
    if (this.#end.signal.aborted) return
    this.#forget(side)
    for (const [name, value] of values) this.#values.set(name, value)
    for (const why of blind) this.#noteOnce(why, why)
    this.#decide()
  }

  #forget(side: 'source' | 'target'): void {
    for (const name of this.#values.keys()) if (PAUSE_LIMITS[name].side === side) this.#values.delete(name)
  }

  #decide(): void {
    if (this.#end.signal.aborted) return
    const { workers: before } = this.#state
    const known = { settings: this.#settings, paused: this.#word.paused, values: this.#values, spared: this.#spared }
    this.#state = this.#judge.judge({ ...known, nowMs: performance.now(), epochMs: Date.now() })
    if (this.#state.workers > before) this.#options.roomFor(this.#state.workers)
    if (this.#state.workers !== before) for (const listener of this.#listeners) listener()
    if (this.#state.reasons.length === 0) for (const go of this.#waiting) go()
    const text = JSON.stringify(this.#state)
    if (text === this.#told) return
    this.#told = text
    this.#options.tell(this.#state)
  }

  /** For `status` and whoever else asks the control schema. */
  async #say(session: Session): Promise<void> {
    const { reasons, workers, spared } = this.#state
    const text = JSON.stringify([reasons.map(({ code }) => code), workers])
    const due = performance.now() - this.#said.at > SAY_MS
    if (text === this.#said.text && !due) return
    this.#said = { text, at: performance.now() }
    await sayPace(session, this.#options.migrationId, {
      reasons: reasons as unknown as Json,
      workers,
      spared: spared as unknown as Json,
      quiet: this.#spare.quiet,
    })
  }

  /** Once for all looks: what cannot be seen does not change every second. */
  #noteOnce(subject: string, message: string): void {
    if (this.#noted.has(subject)) return
    this.#noted.add(subject)
    this.#options.note(message)
  }
}

function interrupted(): HyperferryError {
  return new HyperferryError('HF-B022', { what: 'interrupted; what is committed stays' })
}

function paused({ reasons }: PaceState): HyperferryError {
  return new HyperferryError('HF-B040', { what: `paused: ${reasons.map(reasonText).join('; ')}`, details: { reasons } })
}
