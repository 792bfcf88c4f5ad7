/** The load: many at a time on the target, for a while. */
import { messageOf } from '../../errors.ts'
import type { Query } from '../../config/query-file.ts'
import type { Session } from '../../target/session.ts'
import type { StepContext } from '../context.ts'
import { addSample } from './percentiles.ts'
import { mustBeOfStatement, mustGoOn } from './source.ts'
import { runOnTarget, withReader } from './target.ts'

export interface Driven {
  runs: number
  errors: number
  /** The first one. */
  error: string | null
  samples: number[]
}

export interface Load {
  concurrency: number
  seconds: number
}

/** Runs the queries in turns, each as often as its weight says, until the time is over and each has run once. In the order given. */
export async function drive(context: StepContext, queries: readonly Query[], load: Load): Promise<Driven[]> {
  const parts = queries.map((query) => ({ query, driven: { runs: 0, errors: 0, error: null, samples: [] } as Driven }))
  // The first round is one of each; then by weight, spread out.
  const heaviest = Math.max(...queries.map(({ weight }) => weight))
  const rounds = Array.from({ length: heaviest }, (_, round) =>
    parts.filter(({ query }) => query.weight > round),
  ).flat()
  const until = performance.now() + load.seconds * 1000
  let turn = 0
  const worker = (): Promise<void> =>
    withReader(context, async (session) => {
      while (turn < parts.length || performance.now() < until) {
        mustGoOn(context)
        const part = rounds[turn++ % rounds.length]
        if (part !== undefined) await once(session, part.query, part.driven)
      }
    })
  const ended = await Promise.allSettled(Array.from({ length: load.concurrency }, worker))
  const failed = ended.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return parts.map(({ driven }) => driven)
}

async function once(session: Session, query: Query, driven: Driven): Promise<void> {
  const run = driven.runs++
  try {
    const { ms } = await runOnTarget(session, query, run)
    addSample(driven.samples, ms)
  } catch (error) {
    mustBeOfStatement(error, session)
    driven.errors += 1
    driven.error ??= messageOf(error)
  }
}
