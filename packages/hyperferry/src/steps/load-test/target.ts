/** Sessions of the target that can only read. */
import type { StepContext } from '../context.ts'
import { ident } from '../../target/sql.ts'
import type { Session, Texts } from '../../target/session.ts'
import type { Query } from '../../config/query-file.ts'

const TIMEOUT = '30s'

/** Runs `use` with a session of its own, closed afterwards. Functions of extensions are found where they usually are. */
export async function withReader<T>({ target, plan }: StepContext, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await target.session({ extra: true })
  try {
    await session.query(`set default_transaction_read_only = on;
      set statement_timeout = '${TIMEOUT}';
      set search_path = ${ident(plan.target.schema)}, public`)
    return await use(session)
  } finally {
    await session.release(true)
  }
}

/** One run in a read-only transaction that is rolled back: nothing that the statement sets lives longer. Time is that of the statement alone. */
export async function runOnTarget(session: Session, query: Query, run: number): Promise<Texts & { ms: number }> {
  await session.query('begin transaction read only')
  try {
    const began = performance.now()
    const result = await session.texts(query.target, paramsOf(query, run))
    return { ...result, ms: performance.now() - began }
  } finally {
    if (session.state !== 'lost') await session.query('rollback')
  }
}

/** The list of parameters whose turn it is. */
export function paramsOf(query: Query, run: number): Query['params'][number] {
  return query.params[run % query.params.length] ?? []
}
