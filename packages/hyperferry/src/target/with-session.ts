/** A session for a while. */
import type { Session, Target } from './connect.ts'

/** Runs `use` with a session of the target and gives it back whatever happens. `extra` as in `Target.session`. */
export async function withSession<T>(
  target: Target,
  use: (session: Session) => Promise<T>,
  options: { extra?: boolean } = {},
): Promise<T> {
  const session = await target.session(options)
  try {
    return await use(session)
  } finally {
    await session.release()
  }
}
