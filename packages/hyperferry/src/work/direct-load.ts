/** Rows that are compressed on their way in: for which tasks that is worth it. */
import { MAIN_LANE } from '../model.ts'
import type { PlannedTable, Span } from '../model.ts'
import type { Capabilities } from '../target/capabilities.ts'
import { chunkInterval } from '../target/chunk-interval.ts'
import { columnstoreCutoff } from '../target/columnstore-chunks.ts'
import { columnstoreWay } from '../target/columnstore-way.ts'
import { directCompress } from '../target/direct-compress.ts'
import type { Session } from '../target/connect.ts'
import { instantOfPosition } from '../values/axis-instant.ts'
import { arrangeSpool } from './arrange-spool.ts'
import type { Arranged } from './arrange.ts'
import { RowKeys } from './row-keys.ts'
import { rowOrder } from './row-order.ts'
import type { SliceRows } from './read-slice.ts'
import type { Spool } from './spool.ts'
import type { DirectLoad } from './direct.ts'
import type { TableWork } from './table-work.ts'
import type { Task } from './tasks.ts'

/** Asked before the first task of a run; null with the reason when the table's rows have to be rows first. */
export async function directLoad(
  session: Session,
  work: TableWork,
  { capabilities, timezone }: { capabilities: Capabilities; timezone: string },
): Promise<{ direct: DirectLoad | null; reason: string | null }> {
  const { table, schema } = work
  const way = columnstoreWay(table, capabilities)
  if (way === null || way.reason !== null) return { direct: null, reason: way?.reason ?? null }
  const { usable, reason, settings } = await directCompress(session, { schema, table: table.name, capabilities })
  if (!usable) return { direct: null, reason }
  const cutoff = await columnstoreCutoff(session, table)
  const time = work.columns.findIndex(({ name }) => name === table.time?.column)
  const segments = (table.columnstore?.segmentBy ?? []).map((each) =>
    work.columns.findIndex(({ name }) => name === each),
  )
  if (cutoff === null || time < 0 || segments.some((place) => place < 0))
    return { direct: null, reason: 'the plan does not tell which chunks' }
  const wire = wireTime(table, work.types[time]?.name ?? '')
  const order = await rowOrder(session, work)
  return {
    direct: { settings, segments, time, cutoff, order, timezone, ...wire, opened: new Map(), rows: 0 },
    reason: null,
  }
}

/** Where a task's rows go; positions as chunks count. */
export interface DirectTask {
  chunks: readonly { from: bigint; to: bigint }[]
  /** Its rows in the order of the columnstore; null when that is left to the server, which takes them for unordered then. */
  arranged: Arranged | null
}

/** Fewer rows of one segment in one chunk make small batches, which are larger and slower than rows (docs/design/0015). */
const ROWS_PER_SEGMENT = 100

/** The chunks of the task when compressing on the way in is worth it, else null. It decides about speed only; rows are the same either way. */
export async function directTask(
  { direct, table }: TableWork,
  task: Task,
  { spool }: SliceRows,
): Promise<DirectTask | null> {
  if (direct === null || spool.rows < ROWS_PER_SEGMENT) return null
  const { chunks, groups } = await sampled(direct, spool)
  if (chunks.some(({ to }) => to > direct.cutoff)) return null
  const within = direct.order === null || task.lane !== MAIN_LANE ? null : instantsOf(table, task.span, direct.timezone)
  // All of a chunk in order: no other way makes larger batches of it.
  const whole = chunks.every(
    ({ from, to }) => within !== null && (within.from ?? from) <= from && (within.to ?? to) >= to,
  )
  if (groups * ROWS_PER_SEGMENT > spool.rows && !whole) return null
  const arranged = within === null ? null : await arrangeSpool(direct, spool, within)
  return whole && arranged === null && groups * ROWS_PER_SEGMENT > spool.rows ? null : { chunks, arranged }
}

/** What a look at some of the rows shows: which chunks, and how many segments in all of them together. */
async function sampled(
  direct: DirectLoad,
  spool: Spool,
): Promise<{ chunks: { from: bigint; to: bigint }[]; groups: number }> {
  const keys = new RowKeys(spool.rows, direct)
  const step = strides()
  for await (const { bytes, ends, rows } of spool.batches())
    for (let row = 0; row < rows; row += step()) keys.add(bytes, row === 0 ? 0 : (ends[row - 1] ?? 0))
  const groups = new Set<string>()
  const cells = new Set<bigint>()
  for (let row = 0; row < keys.rows; row += 1) {
    const cell = floorDivide(keys.time(row) - direct.epoch, direct.interval)
    cells.add(cell)
    groups.add(`${cell} ${keys.segment[row] ?? 0}`)
  }
  const scale = direct.interval * direct.unit
  return { chunks: [...cells].map((cell) => ({ from: cell * scale, to: (cell + 1n) * scale })), groups: groups.size }
}

/**
 * 1 to 15 in no order, 8 on average: near the border that sees nine segments of ten, at an eighth of the cost. Of devices that take turns, a fixed stride would meet
 * the same few again and again.
 */
function strides(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return 1 + ((state >>> 16) % 15)
  }
}

const DAY = 86_400_000_000n
/** Days from 1970 to 2000, where PostgreSQL begins to count. */
const DAYS_TO_2000 = 10_957n

function wireTime(table: PlannedTable, type: string): Pick<DirectLoad, 'interval' | 'epoch' | 'unit'> {
  const { micros, integer } = chunkInterval(table)
  if (micros === null) return { interval: integer ?? 1n, epoch: 0n, unit: 1n }
  if (type === 'date') return { interval: micros / DAY, epoch: -DAYS_TO_2000, unit: DAY }
  return { interval: micros, epoch: -DAYS_TO_2000 * DAY, unit: 1n }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b !== 0n && a < 0n ? quotient - 1n : quotient
}

/** What a span of the axis is in the target, as chunks count. */
function instantsOf(table: PlannedTable, span: Span, timezone: string): { from: bigint | null; to: bigint | null } {
  const at = (position: bigint | null): bigint | null =>
    position === null ? null : instantOfPosition(table, position, timezone)
  return { from: at(span.from), to: at(span.to) }
}

/** The rows of a task as they go directly. */
export function arrangedRows(read: SliceRows, { arranged }: DirectTask): SliceRows {
  return arranged === null ? read : { ...read, arranged }
}
