/** Several sessions that see the target as it was at one instant. */
import type { Session, Target } from '../../target/connect.ts'

export interface Snapshot {
  readonly sessions: readonly [Session, ...Session[]]
  close(): Promise<void>
}

/** Opens `count` read-only sessions on one snapshot. Close it; a long-lived one holds back vacuum. */
export async function openSnapshot(target: Target, count: number): Promise<Snapshot> {
  const leader = await target.session()
  const sessions: [Session, ...Session[]] = [leader]
  const close = async (): Promise<void> => {
    for (const session of sessions) {
      if (session.state === 'open' || session.state === 'failed') await session.query('rollback').catch(() => {})
      await session.release()
    }
  }
  try {
    await leader.query('begin isolation level repeatable read read only')
    const { rows } = await leader.query<{ name: string }>('select pg_export_snapshot() as name')
    for (let index = 1; index < count; index += 1) {
      // Not counted against the budget: whoever waits for a session here would wait for this very step.
      const helper = await target.session({ extra: true })
      sessions.push(helper)
      await helper.query('begin isolation level repeatable read read only')
      await helper.query(`set transaction snapshot '${rows[0]?.name ?? ''}'`)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { sessions, close }
}

/** Runs `use` for every item, each session taking the next one when it is free. The first error ends it, after running ones have ended. */
export async function shareOut<T>(
  sessions: readonly Session[],
  items: readonly T[],
  use: (session: Session, item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const broken: unknown[] = []
  const work = async (session: Session): Promise<void> => {
    while (next < items.length && broken.length === 0) {
      const index = next
      next += 1
      try {
        await use(session, items[index] as T, index)
      } catch (error) {
        broken.push(error)
      }
    }
  }
  await Promise.all(sessions.map(work))
  if (broken.length > 0) throw broken[0]
}
