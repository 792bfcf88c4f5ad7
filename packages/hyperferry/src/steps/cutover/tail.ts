/** The last look before the roles change: the youngest rows, counted on both sides while nobody writes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { HyperferryError } from '../../errors.ts'
import type { CompletionPoint, PlannedTable } from '../../model.ts'
import { ident, qualified } from '../../target/sql.ts'
import { transaction } from '../../target/transaction.ts'
import { withSession } from '../../target/with-session.ts'
import { earliestInstant, instantLiteral, positionOfInstant } from '../../values/axis-instant.ts'
import type { StepContext } from '../context.ts'

/** Older rows were compared by verify; counting months would not fit into a hold. */
const REACH_US = 10n * 60_000_000n

export interface TailCase {
  point: CompletionPoint
  /** Milliseconds it may take on each side. */
  ms: number
}

/** What is wrong, and why it was not looked at; both null when the two stores hold as many rows of the last minutes. */
export async function compareTail(
  ctx: StepContext,
  table: PlannedTable,
  { point, ms }: TailCase,
): Promise<{ fault: string | null; skipped: string | null }> {
  if (table.split !== 'time') return { fault: null, skipped: 'its source cannot be asked for the last minutes' }
  const { timezone } = ctx.plan.source
  const { rows } = await ctx.target.query<{ now: string }>(
    'select (extract(epoch from clock_timestamp()) * 1000000)::int8::text as now',
  )
  const recent = earliestInstant(table, BigInt(rows[0]?.now ?? 0) - REACH_US, timezone)
  const from = recent > point.instant ? recent : point.instant
  const [source, target] = await Promise.all([
    within(
      ms,
      ctx.source
        .reader(table)
        .count({ kind: 'range', from: positionOfInstant(table, from, timezone), to: point.beyondPosition }),
    ),
    countTarget(ctx, table, { from, to: point.beyondInstant, ms }),
  ])
  if (source === null || target === null)
    return { fault: null, skipped: `counting takes more than ${Math.round(ms)} ms` }
  const fault = source === target ? null : `the source has ${source} rows of the last minutes, the target ${target}`
  return { fault, skipped: null }
}

async function countTarget(
  ctx: StepContext,
  table: PlannedTable,
  { from, to, ms }: { from: bigint; to: bigint; ms: number },
): Promise<bigint | null> {
  const column = ident(table.time?.column ?? '')
  try {
    return await withSession(ctx.target, (session) =>
      transaction(session, async () => {
        await session.query(`set local statement_timeout = ${Math.max(1, Math.round(ms))}`)
        const { rows } = await session.query<{ n: string }>(
          `select count(*)::text as n from ${qualified(ctx.plan.target.schema, table.name)}
           where ${column} >= ${instantLiteral(table, from)} and ${column} < ${instantLiteral(table, to)}`,
        )
        return BigInt(rows[0]?.n ?? 0)
      }),
    )
  } catch (error) {
    if (error instanceof HyperferryError && error.sqlstate === '57014' && !ctx.signal.aborted) return null
    throw error
  }
}

/** null when it takes longer; the count goes on by itself then, and nobody waits for it. */
async function within(ms: number, counting: Promise<bigint>): Promise<bigint | null> {
  const late = new AbortController()
  const timer = sleep(ms, null, { signal: late.signal }).catch(() => null)
  try {
    return await Promise.race([counting, timer])
  } finally {
    late.abort()
    counting.catch(() => {})
  }
}
