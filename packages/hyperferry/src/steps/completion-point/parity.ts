/** Counting both databases from T on: what stands in one alone was not written by a writer we know. */
import { setTimeout as sleep } from 'node:timers/promises'
import { barrier } from '../../control/barrier.ts'
import type { PlannedTable } from '../../model.ts'
import type { TableReader } from '../../source/source.ts'
import { ident, qualified } from '../../target/sql.ts'
import { earliestInstant, instantLiteral, positionOfInstant } from '../../values/axis-instant.ts'
import type { StepContext } from '../context.ts'
import type { Refusal } from './facts.ts'

export interface Counted {
  /** Half-open, by the table's own instants. */
  from: bigint
  to: bigint
  source: number
  target: number
}

const ATTEMPTS = 3
const MINUTE = 60_000_000n

/**
 * The dual-written part of a table in two pieces: from T to now, and what is stamped further ahead. Both must be equal: rows that were in the source before
 * a barrier are in the target after it, and every row of the target was in the source before. null: the table cannot be counted by time.
 */
export async function parity(
  ctx: StepContext,
  table: PlannedTable,
  part: { t: bigint; now: bigint; beyond: bigint; ahead: bigint },
): Promise<{ counted: Counted[]; refusals: Refusal[] } | null> {
  if (table.split !== 'time') return null
  const { timezone } = ctx.plan.source
  const reader = ctx.source.reader(table)
  const at = (micros: bigint): bigint => earliestInstant(table, micros, timezone)
  const pieces: { code: Refusal['code']; from: bigint; to: bigint }[] = [
    { code: 'HF-T015', from: part.t, to: at(part.now) },
    { code: 'HF-T016', from: at(part.now + part.ahead + MINUTE), to: part.beyond },
  ]
  const counted: Counted[] = []
  const refusals: Refusal[] = []
  for (const { code, from, to } of pieces) {
    if (from >= to) continue
    const { result, fault } = await compare(ctx, { table, reader, from, to })
    counted.push(result)
    if (fault !== null) refusals.push({ code, message: fault })
  }
  return { counted, refusals }
}

interface Piece {
  table: PlannedTable
  reader: TableReader
  from: bigint
  to: bigint
}

async function compare(ctx: StepContext, piece: Piece): Promise<{ result: Counted; fault: string | null }> {
  const { from, to } = piece
  for (let attempt = 1; ; attempt += 1) {
    const before = await inSource(ctx, piece)
    await barrier(ctx.target, ctx.migrationId, {
      signal: ctx.signal,
      enough: ({ low }) => low[piece.table.source] === undefined || BigInt(low[piece.table.source] ?? 0) >= to,
    }).catch(async (error: unknown) => {
      // Under load something always waits; what was there before the first look has gone through by the second.
      if (attempt === ATTEMPTS) throw error
    })
    const target = await inTarget(ctx, piece)
    const after = await inSource(ctx, piece)
    const result = { from, to, source: after, target }
    if (before <= target && target <= after) return { result, fault: null }
    if (attempt === ATTEMPTS) {
      const fault =
        target < before
          ? `${before - target} rows are in the source alone (source ${before}, target ${target})`
          : `${target - after} rows are in the target alone (source ${after}, target ${target})`
      return { result, fault }
    }
    await sleep(300)
  }
}

/** Rows of the source between two instants. */
export async function inSource(ctx: StepContext, { table, reader, from, to }: Piece): Promise<number> {
  const { timezone } = ctx.plan.source
  const slice = {
    kind: 'range',
    from: positionOfInstant(table, from, timezone),
    to: positionOfInstant(table, to, timezone),
  } as const
  return Number(await reader.count(slice))
}

export async function inTarget(ctx: StepContext, { table, from, to }: Omit<Piece, 'reader'>): Promise<number> {
  const column = ident(table.time?.column ?? '')
  const { rows } = await ctx.target.query<{ n: string }>(
    `select count(*)::text as n from ${qualified(ctx.plan.target.schema, table.name)}
     where ${column} >= ${instantLiteral(table, from)} and ${column} < ${instantLiteral(table, to)}`,
  )
  return Number(rows[0]?.n ?? 0)
}
