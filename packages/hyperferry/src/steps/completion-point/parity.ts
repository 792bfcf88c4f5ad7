/**
 * Counting both databases from T on: a row that stands in one alone was not written by a writer we know.
 *
 * The target is counted first. When the source then has no more rows than the target had, nothing was missing and nothing on its way: equality in one
 * look is proof, and under load one waits for it. A difference is proof when the target has fewer rows than the source had before everything committed by
 * then was delivered.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { delivered } from '../../control/delivered.ts'
import { HyperferryError } from '../../errors.ts'
import type { PlannedTable } from '../../model.ts'
import type { TableReader } from '../../source/source.ts'
import { ident, qualified } from '../../target/sql.ts'
import { earliestInstant, instantLiteral, positionOfInstant, timeOfInstant } from '../../values/axis-instant.ts'
import { isoUtc } from '../../values/time.ts'
import type { StepContext } from '../context.ts'
import { SHORT_WAIT_US } from './choose.ts'
import type { Facts, Refusal } from './facts.ts'

interface Counted {
  /** Half-open, by the table's own instants. */
  from: bigint
  to: bigint
  source: number
  target: number
  /** Null: rows kept coming, so that the two counts could not be told apart from equal ones. */
  equal: boolean | null
}

export interface Proof {
  counted: Counted[]
  refusals: Refusal[]
}

export interface Part {
  table: PlannedTable
  /** T and F. */
  instant: bigint
  beyond: bigint
}

/** A difference counts when it is seen so often. */
const LOOKS = 3
const PATIENCE_MS = 30_000
const MARGIN_US = 1_000_000n

/**
 * Counts [T, F) of every table, in two pieces each. First what is stamped further ahead than any row should be by now: nothing is added there meanwhile. Later,
 * when its clock has run out, all that lies between. null: the table cannot be counted by time.
 */
export async function parity(ctx: StepContext, parts: readonly Part[], facts: Facts): Promise<(Proof | null)[]> {
  const { timezone } = ctx.plan.source
  const proofs: (Proof | null)[] = []
  const later: { piece: Piece; proof: Proof; at: bigint }[] = []
  for (const { table, instant, beyond } of parts) {
    if (table.split !== 'time') {
      proofs.push(null)
      continue
    }
    const edge = (await clock(ctx)) + (facts.spread.get(table.source)?.early ?? 0n) + facts.clockError + MARGIN_US
    const ahead = earliestInstant(table, edge, timezone)
    const border = ahead > instant ? ahead : instant
    const reader = ctx.source.reader(table)
    const proof: Proof = { counted: [], refusals: [] }
    proofs.push(proof)
    if (border < beyond) await prove(ctx, { table, reader, from: border, to: beyond }, 'HF-T016', proof)
    if (instant < border) later.push({ piece: { table, reader, from: instant, to: border }, proof, at: edge })
  }
  for (const { piece, proof, at } of later) {
    const left = at + MARGIN_US - (await clock(ctx))
    // Where rows are stamped far ahead, it is not waited for: the piece is looked at as it is.
    if (left > 0n && left <= SHORT_WAIT_US) await sleep(Number(left) / 1000)
    await prove(ctx, piece, 'HF-T015', proof)
  }
  return proofs
}

async function clock(ctx: StepContext): Promise<bigint> {
  const { rows } = await ctx.target.query<{ now: string }>(
    'select (extract(epoch from clock_timestamp()) * 1000000)::int8::text as now',
  )
  return BigInt(rows[0]?.now ?? 0)
}

export interface Piece {
  table: PlannedTable
  reader: TableReader
  from: bigint
  to: bigint
}

// eslint-disable-next-line max-params -- what is counted, and where the answer goes
async function prove(ctx: StepContext, piece: Piece, code: Refusal['code'], proof: Proof): Promise<void> {
  const { from, to } = piece
  const seen = await compare(ctx, piece)
  proof.counted.push({ from, to, source: seen.source, target: seen.target, equal: seen.equal })
  if (!seen.delivered) {
    proof.refusals.push({ code: 'HF-T014', message: 'writers have records that they do not deliver' })
  } else if (seen.equal === false) {
    const side = seen.target < seen.source ? 'source' : 'target'
    const [first, last] = await bounds(ctx, piece)
    const rows = Math.abs(seen.source - seen.target)
    const where = `from ${first} to ${last}`
    proof.refusals.push({
      code,
      message: `${rows} ${rows === 1 ? 'row is' : 'rows are'} in the ${side} alone (source ${seen.source}, target ${seen.target}), ${where}`,
    })
  }
}

interface Seen {
  source: number
  target: number
  equal: boolean | null
  delivered: boolean
}

async function compare(ctx: StepContext, piece: Piece): Promise<Seen> {
  const end = performance.now() + PATIENCE_MS
  let before: number | null = null
  for (let wrong = 0; ;) {
    const target = await inTarget(ctx, piece)
    const source = await inSource(ctx, piece)
    if (source === target) return { source, target, equal: true, delivered: true }
    wrong = before !== null && (target < before || target > source) ? wrong + 1 : 0
    if (wrong === LOOKS) return { source, target, equal: false, delivered: true }
    if (performance.now() > end) return { source, target, equal: null, delivered: true }
    if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: 'counting both databases: interrupted' })
    if (!(await delivered(ctx.target, ctx.migrationId, { seconds: 30, signal: ctx.signal })))
      return { source, target, equal: null, delivered: false }
    before = source
    await sleep(200)
  }
}

/** Where the first and the last row stand that make the difference, as far as counts can tell. */
async function bounds(ctx: StepContext, piece: Piece): Promise<[string, string]> {
  const differs = async (from: bigint, to: bigint): Promise<boolean> =>
    (await inTarget(ctx, { ...piece, from, to })) !== (await inSource(ctx, { ...piece, from, to }))
  let [low, high] = [piece.from, piece.to]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (await differs(piece.from, middle)) high = middle
    else low = middle
  }
  const first = low
  high = piece.to
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (await differs(middle, piece.to)) low = middle
    else high = middle
  }
  const shown = (instant: bigint): string => isoUtc(timeOfInstant(piece.table, instant, ctx.plan.source.timezone))
  return [shown(first), shown(low)]
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
