/** The session of a watch: opened when it is needed, again after a failure, and never waiting for anybody. */
import type { Session, Target } from '../target/connect.ts'

export class WatchSession {
  readonly #target: Target
  #session: Session | null = null

  constructor(target: Target) {
    this.#target = target
  }

  async get(): Promise<Session> {
    if (this.#session !== null && this.#session.state !== 'idle') await this.drop()
    if (this.#session === null) {
      this.#session = await this.#target.session({ extra: true })
      await this.#session.query(`set statement_timeout = '4s'; set lock_timeout = '1s'`)
    }
    return this.#session
  }

  /** A last word if there is still somebody to hear it, then the end. */
  async last(say: (session: Session) => Promise<void>): Promise<void> {
    if (this.#session?.state === 'idle') await say(this.#session).catch(() => {})
    await this.drop()
  }

  async drop(): Promise<void> {
    const session = this.#session
    this.#session = null
    await session?.release(true)
  }
}
