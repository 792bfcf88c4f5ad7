/** The part of a table that can be compared while the application writes: all but the youngest rows, which may be on their way. */
import type { CompletionPoint, EncodedBatch } from '../../model.ts'
import type { TableReader } from '../../source/source.ts'
import { ident } from '../../target/sql.ts'
import {
  alignInstant,
  earliestInstant,
  instantLiteral,
  positionOfInstant,
  timeOfInstant,
} from '../../values/axis-instant.ts'
import { isTime } from '../../values/axis.ts'
import { compilePartFilter } from '../../values/part-filter.ts'
import { parsePgType } from '../../values/pgtype.ts'
import { isoUtc } from '../../values/time.ts'
import type { Bench } from './bench.ts'
import type { Concern } from './settle.ts'

type Point = Pick<CompletionPoint, 'instant' | 'beyondInstant' | 'position' | 'beyondPosition'>

export interface SettledPart {
  /** W as an absolute time, ISO 8601 UTC: rows from there on are left out. */
  until: string
  /** The same on the axis of a table that is split by time. */
  position: bigint
  /** F on that axis: from here on rows are compared again; null without a completion point. */
  beyond: bigint | null
  /** SQL condition of the target's rows that are compared. */
  condition: string
  concern: Concern
  /** The same of a row in canonical texts (docs/design/0007), plan order without generated columns. */
  isSettled: (row: readonly (string | null)[]) => boolean
  /** The table as far as it is compared: rows that are left out are neither read nor counted. */
  bench: Bench
}

/**
 * What is compared of a table when it is `now` (microseconds since 1970-01-01 UTC). Rows from F on were stamped by broken clocks long ago and do not
 * change, so they are compared too. Throws HF-P023 for a table without a time.
 */
export function settledPart(bench: Bench, point: Point | null, now: bigint): SettledPart {
  const { table, timezone } = bench
  const column = table.columns.find(({ name }) => name === table.time?.column)
  const instant = cutOf(point, alignInstant(table, earliestInstant(table, now, timezone)))
  const leftOut = { from: instant, to: point?.beyondInstant ?? NEVER }
  const name = ident(table.time?.column ?? '')
  return {
    until: isoUtc(timeOfInstant(table, instant, timezone)),
    position: positionOfInstant(table, instant, timezone),
    beyond: point?.beyondPosition ?? null,
    condition: `(${name} < ${instantLiteral(table, leftOut.from)} or ${name} >= ${instantLiteral(table, leftOut.to)} or ${name} is null)`,
    concern: { source: table.source, leftOut: column?.nullable === false ? leftOut : null },
    isSettled: textFilter(bench, leftOut),
    bench: { ...bench, reader: settledReader(bench, leftOut) },
  }
}

/** Not before T, where the backfill's part ends, and not after F, where it begins again. */
function cutOf(point: Point | null, instant: bigint): bigint {
  if (point === null) return instant
  if (instant < point.instant) return point.instant
  return instant > point.beyondInstant ? point.beyondInstant : instant
}

/** The end of all times, for a table without a completion point. */
const NEVER = 2n ** 63n

/** Canonical texts of instants are in the order of time, from year 0 on; earlier ones begin with a minus and are smaller too. */
function textFilter({ columns, types, table }: Bench, leftOut: { from: bigint; to: bigint }): SettledPart['isSettled'] {
  const place = columns.indexOf(table.time?.column ?? '')
  if (isTime(types[place] ?? parsePgType('text'))) {
    const from = isoUtc(leftOut.from)
    const to = leftOut.to === NEVER ? 'infinity' : isoUtc(leftOut.to)
    return (row) => {
      const text = row[place]
      return text == null || text < from.slice(0, text.length) || text >= to.slice(0, text.length)
    }
  }
  return (row) => {
    const text = row[place]
    return text == null || BigInt(text) < leftOut.from || BigInt(text) >= leftOut.to
  }
}

function settledReader(bench: Bench, leftOut: { from: bigint; to: bigint }): TableReader {
  const { table, reader, columns, types } = bench
  const place = columns.indexOf(table.time?.column ?? '')
  const type = types[place] ?? parsePgType('text')
  const filter = compilePartFilter({ place, type }, leftOut)
  const read = async function* (slice: Parameters<TableReader['read']>[0]): AsyncGenerator<EncodedBatch> {
    for await (const batch of reader.read(slice)) yield filter(batch)
  }
  return {
    read,
    find: (key) => reader.find(key),
    // The axis is the time: ranges end where the part does. Else the source cannot count the part, and its rows are counted one by one.
    async count(slice) {
      if (table.split === 'time' && slice.kind !== 'all') return reader.count(slice)
      let rows = 0n
      for await (const batch of read(slice)) rows += BigInt(batch.rows + batch.rejected.length + (batch.discarded ?? 0))
      return rows
    },
    extent: () => reader.extent(),
    advance: (from, rows) => reader.advance(from, rows),
    second: reader.second,
  }
}
