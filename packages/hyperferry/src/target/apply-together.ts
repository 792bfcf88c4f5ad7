/** Runs statements together, each after a look at the catalog. Never drops or replaces anything. */
import { HyperferryError } from '../errors.ts'
import type { DdlStatement } from './ddl-statement.ts'
import { lookFor } from './presence.ts'
import type { Seen } from './presence.ts'
import type { Session } from './session.ts'
import { transaction } from './transaction.ts'

/** What became of several statements. */
export interface Applied extends Together {
  /** Foreign keys that the data breaks: they stay NOT VALID (HF-P040), or are absent where the server cannot have that. */
  notValidated: { table: string; name: string; reason: string; absent?: boolean }[]
}

export interface Together {
  /** Run now. */
  applied: DdlStatement[]
  /** There already, and equal. */
  present: DdlStatement[]
}

/**
 * Runs what is absent, in one transaction. Throws HF-S010 naming every difference when something is there and is not what the plan says,
 * and then nothing was changed; HF-S012 when the server refuses a statement. `within` is called before COMMIT, for what must be kept
 * together with what was made.
 */
export async function applyTogether(
  session: Session,
  statements: readonly DdlStatement[],
  within?: (made: Together) => Promise<void>,
): Promise<Together> {
  return transaction(session, async () => {
    // Whoever waits for a strong lock keeps out all who come after, readers too; so it is not waited for without end.
    await session.query(`set local lock_timeout = '10s'`)
    const result: Together = { applied: [], present: [] }
    const differences: Difference[] = []
    const seen: Seen = new Map()
    for (const statement of statements) {
      const presence = await lookFor(session, statement, seen)
      for (const difference of presence.differences) differences.push({ statement, difference })
      if (presence.present) result.present.push(statement)
      else if (differences.length === 0) {
        await run(session, statement)
        // A table of many comments would be read as many times.
        if (statement.kind !== 'comment') seen.clear()
        result.applied.push(statement)
      }
    }
    refuse(differences)
    await within?.(result)
    return result
  })
}

/** The same look without a change: what would be run. Throws HF-S010. Each table in a transaction of its own: thousands of twins would use up the server's locks. */
export async function compareDdl(session: Session, statements: readonly DdlStatement[]): Promise<Together> {
  const differences: Difference[] = []
  const result: Together = { applied: [], present: [] }
  const tables = [...new Set(statements.map(({ table }) => table))]
  for (const name of tables) {
    const own = statements.filter(({ table }) => table === name)
    const seen: Seen = new Map()
    await session.query('begin')
    try {
      for (const statement of own) {
        const presence = await lookFor(session, statement, seen)
        for (const difference of presence.differences) differences.push({ statement, difference })
        if (presence.present) result.present.push(statement)
        else result.applied.push(statement)
      }
    } finally {
      if (session.state !== 'lost') await session.query('rollback')
    }
  }
  refuse(differences)
  return result
}

interface Difference {
  statement: DdlStatement
  difference: string
}

function refuse(differences: readonly Difference[]): void {
  const [first] = differences
  if (first === undefined) return
  const more = differences.length === 1 ? '' : ` (and ${differences.length - 1} more)`
  throw new HyperferryError('HF-S010', {
    what: `${nameOf(first.statement)} exists and is different: ${first.difference}${more}`,
    details: { differences: differences.map(({ statement, difference }) => `${nameOf(statement)}: ${difference}`) },
  })
}

function nameOf({ schema, table }: DdlStatement): string {
  return table === null ? `schema "${schema}"` : `table "${schema}"."${table}"`
}

/** Runs one statement; a refusal names the object it was for. */
async function run(session: Session, statement: DdlStatement): Promise<void> {
  try {
    await session.query(statement.sql)
  } catch (error) {
    throw refusedStatement(error, statement)
  }
}

/** An error of a DDL statement with the object's name in it, and advice on ownership where that is the reason. */
export function refusedStatement(error: unknown, statement: DdlStatement): unknown {
  if (!(error instanceof HyperferryError) || error.sqlstate === null) return error
  if (error.retry === 'transient' || error.code === 'HF-S014') return error
  const object =
    statement.table === null ? `schema "${statement.name}"` : `${statement.kind} of table "${statement.table}"`
  const cause = error.cause instanceof Error ? error.cause.message : error.message
  return new HyperferryError('HF-S012', {
    what: `the target refused ${object}: ${cause} (${error.sqlstate})`,
    ...(error.sqlstate === '42501'
      ? {
          hint: 'Grant the privilege or the ownership to the role of the target URL, or name the owner in the plan under target.owner.',
        }
      : {}),
    sqlstate: error.sqlstate,
    details: { ...error.details, sql: statement.sql },
    cause: error,
  })
}
