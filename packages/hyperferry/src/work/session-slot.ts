/** One worker's place among the target's sessions. */
import type { Session, Target } from '../target/connect.ts'

/** Opens a session when one is needed, keeps it, and replaces it when it is lost or in a state nobody asked for. */
export class SessionSlot {
  readonly #target: Target
  #session: Session | null = null

  constructor(target: Target) {
    this.#target = target
  }

  /** An idle session. Throws what connecting throws. */
  async get(): Promise<Session> {
    if (this.#session !== null && this.#session.state !== 'idle') await this.release(true)
    this.#session ??= await this.#target.session()
    return this.#session
  }

  async release(destroy = false): Promise<void> {
    const session = this.#session
    this.#session = null
    await session?.release(destroy)
  }
}
