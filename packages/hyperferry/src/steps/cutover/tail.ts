/** The last look before the roles change: the youngest rows, counted on both sides while nobody writes. */
import type { CompletionPoint, PlannedTable } from '../../model.ts'
import { ident, qualified } from '../../target/sql.ts'
import { earliestInstant, instantLiteral, positionOfInstant } from '../../values/axis-instant.ts'
import type { StepContext } from '../context.ts'

/** Older rows were compared by verify; counting months would not fit into a hold. */
const REACH_US = 10n * 60_000_000n

/** What is wrong; null when both hold as many, or when the source cannot count by time. */
export async function tailFault(
  ctx: StepContext,
  table: PlannedTable,
  { point }: { point: CompletionPoint; left: () => number },
): Promise<string | null> {
  if (table.split !== 'time') return null
  const { timezone } = ctx.plan.source
  const { rows } = await ctx.target.query<{ now: string }>(
    'select (extract(epoch from clock_timestamp()) * 1000000)::int8::text as now',
  )
  const recent = earliestInstant(table, BigInt(rows[0]?.now ?? 0) - REACH_US, timezone)
  const from = recent > point.instant ? recent : point.instant
  const source = await ctx.source
    .reader(table)
    .count({ kind: 'range', from: positionOfInstant(table, from, timezone), to: point.beyondPosition })
  const column = ident(table.time?.column ?? '')
  const counted = await ctx.target.query<{ n: string }>(
    `select count(*)::text as n from ${qualified(ctx.plan.target.schema, table.name)}
     where ${column} >= ${instantLiteral(table, from)} and ${column} < ${instantLiteral(table, point.beyondInstant)}`,
  )
  const target = BigInt(counted.rows[0]?.n ?? 0)
  return source === target ? null : `the source has ${source} rows of the last minutes, the target ${target}`
}
