/** Who is primary, as this writer knows it, and who may write now. Everything in here is synchronous: between a look and an act nothing can change. */
import type { RoleState } from './control.ts'
import { NotAdmittedError } from './errors.ts'

/** A write that was admitted. `end` must be called once, however it ends. */
export interface Admission {
  /** Roles at that moment; null: no stage was ever set, so the source alone is written. */
  readonly state: RoleState | null
  end(): void
}

export class Roles {
  #state: RoleState | null
  #closed: string | null = null
  #active = 0
  /** Admitted writes of which the other store never hears. */
  #singles = 0
  readonly #waiting = new Set<() => void>()

  constructor(state: RoleState | null) {
    this.#state = state
  }

  get state(): RoleState | null {
    return this.#state
  }

  /** Admitted writes that have not ended. */
  get active(): number {
    return this.#active
  }

  get singles(): number {
    return this.#singles
  }

  /** Id of the hold that is on; null when writes are admitted. */
  get hold(): string | null {
    return this.#state?.phase === 'hold' ? this.#state.holdId : null
  }

  update(state: RoleState | null): void {
    this.#state = state
    if (this.hold === null) this.#release()
  }

  /** Admits nothing from now on. */
  close(why: string): void {
    this.#closed ??= why
    this.#release()
  }

  get isClosed(): boolean {
    return this.#closed !== null
  }

  /** Waits while roles change, at most `ms`. Throws NotAdmittedError. */
  async admit(ms: number): Promise<Admission> {
    const end = performance.now() + ms
    for (;;) {
      if (this.#closed !== null) throw new NotAdmittedError(this.#closed, 'closed')
      if (this.hold === null) return this.#begin()
      const left = end - performance.now()
      if (left <= 0) {
        throw new NotAdmittedError(`the roles of the databases have been changing for ${ms} ms`, 'hold')
      }
      await this.#changed(left)
    }
  }

  #begin(): Admission {
    const state = this.#state
    const single = isSingle(state)
    this.#active += 1
    if (single) this.#singles += 1
    let ended = false
    return {
      state,
      end: () => {
        if (ended) return
        ended = true
        this.#active -= 1
        if (single) this.#singles -= 1
      },
    }
  }

  #changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#waiting.add(done)
    })
  }

  #release(): void {
    for (const done of this.#waiting) done()
  }
}

/** Whether a write in this state goes to the source and nowhere else. */
export function isSingle(state: RoleState | null): boolean {
  return state === null || state.stage === 'off'
}
