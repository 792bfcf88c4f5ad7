/** The look at both sides: the same results, and how long the source takes when it is asked one at a time. */
import { HyperferryError, messageOf } from '../../errors.ts'
import type { Query } from '../../config/query-file.ts'
import type { Session } from '../../target/session.ts'
import type { StepContext } from '../context.ts'
import { kindOf } from './canonical.ts'
import { difference } from './compare.ts'
import { addSample } from './percentiles.ts'
import { paramsOf, runOnTarget } from './target.ts'

/** Lists of parameters that are compared, at most. */
const MAX_COMPARED = 100
/** Looks before two results are called different: rows may arrive between the two. */
const LOOKS = 3

export interface Look {
  equal: boolean | null
  difference: string | null
  error: string | null
  samples: number[]
}

/** Compares and times one query. An error of a statement is the query's; an interruption or a lost connection is thrown. */
export async function lookAt(context: StepContext, session: Session, query: Query, runs: number): Promise<Look> {
  const look: Look = { equal: null, difference: null, error: null, samples: [] }
  const { source: sql } = query
  if (sql === null) return look
  try {
    await compareAll(context, session, { ...query, source: sql }, look)
    while (look.samples.length < runs) await ask(context, { ...query, source: sql }, look.samples)
  } catch (error) {
    mustBeOfStatement(error, session)
    look.error = messageOf(error)
    look.equal = null
  }
  return look
}

type WithSource = Query & { source: string }

async function compareAll(context: StepContext, session: Session, query: WithSource, look: Look): Promise<void> {
  const { compare } = query
  if (compare === 'none') {
    await ask(context, query, look.samples)
    return
  }
  look.equal = true
  for (let list = 0; list < Math.min(query.params.length, MAX_COMPARED) && look.equal; list += 1) {
    let found: string | null = null
    for (let again = 0; again < LOOKS; again += 1) {
      const source = await ask(context, query, look.samples, list)
      const target = await runOnTarget(session, query, list)
      found = difference(compare, { kinds: target.columns.map(({ oid }) => kindOf(oid)), source, target: target.rows })
      if (found === null) break
    }
    if (found === null) continue
    look.equal = false
    const which = query.params.length > 1 ? ` (parameters ${list + 1})` : ''
    look.difference = `${found}${which}, ${LOOKS} looks`
  }
}

/** Asks the source with the list of parameters whose turn it is, or the one given. */
async function ask(
  context: StepContext,
  query: WithSource,
  samples: number[],
  list = samples.length,
): Promise<(string | null)[][]> {
  mustGoOn(context)
  const { rows, ms } = await context.source.query(query.source, paramsOf(query, list))
  addSample(samples, ms)
  return rows
}

/** Throws HF-B022 when the run is to end. */
export function mustGoOn({ signal }: StepContext): void {
  if (signal.aborted) throw new HyperferryError('HF-B022', { what: 'load test: interrupted' })
}

/** Rethrows what is no fault of the statement. */
export function mustBeOfStatement(error: unknown, session: Session): void {
  const ours = error instanceof HyperferryError && !['HF-B022', 'HF-R002', 'HF-X001'].includes(error.code)
  if (!ours || session.state === 'lost') throw error
}
