/** `--from` and `--to`: which spans of a table an export is of. */
import { partOf } from '../../control/coverage.ts'
import { HyperferryError } from '../../errors.ts'
import type { CompletionPoint, PlannedTable, Span } from '../../model.ts'
import { instantOfTime, positionOfInstant, timeOfInstant } from '../../values/axis-instant.ts'
import { MICROS_PER_DAY, parseIsoInstant } from '../../values/time.ts'

/** The word that stands for the completion point. */
export const T = 'T'

export interface Window {
  /** Of the main lane. */
  spans: readonly Span[]
  /** Whether rows without a position go along: they do with the beginning of the table. */
  residual: boolean
}

export interface Bounds {
  /** An instant (ISO 8601, UTC unless it names an offset) or a position on the axis. Default: the beginning. */
  from?: string
  /** The same, or `T`: all that the completion point leaves to the backfill. Default: the end. */
  to?: string
}

/** Half-open: a row at `from` is in it, a row at `to` is not. `point` for `--to T`. Throws HF-U001. */
export function windowFor(
  table: PlannedTable,
  timezone: string,
  { from, to, point }: Bounds & { point: CompletionPoint | null },
): Window {
  const start = from === undefined ? null : positionOf(table, timezone, { flag: '--from', text: from })
  const spans =
    to === T && point !== null
      ? partOf(table, point)
      : [{ from: null, to: to === undefined ? null : positionOf(table, timezone, { flag: '--to', text: to }) }]
  const cut = spans.flatMap((span) => after(span, start))
  if (cut.length === 0)
    throw new HyperferryError('HF-U001', {
      what: `nothing lies between ${from} and ${to}`,
      hint: '--from must be before --to.',
    })
  return { spans: cut, residual: table.split !== 'all' && start === null }
}

/** What of a span lies at or after a position. */
function after(span: Span, start: bigint | null): Span[] {
  if (start === null || (span.from !== null && span.from >= start)) return [span]
  return span.to !== null && span.to <= start ? [] : [{ from: start, to: span.to }]
}

function positionOf(table: PlannedTable, timezone: string, { flag, text }: { flag: string; text: string }): bigint {
  const isNumber = /^-?\d+$/.test(text)
  if (isNumber && table.split !== 'all') return BigInt(text)
  const instant = parseIsoInstant(text)
  const column = table.columns.find(({ name }) => name === table.time?.column)
  if (instant === null || table.split !== 'time' || column === undefined || column.source !== table.axis) {
    const why =
      table.split === 'all'
        ? `table ${table.name} can only be exported whole`
        : instant === null
          ? 'it is no instant'
          : `table ${table.name} is not split by time`
    throw new HyperferryError('HF-U001', {
      what: `${flag} ${text}: ${why}`,
      hint:
        table.split === 'time'
          ? 'Write 2024-01-31T00:00:00Z.'
          : `Leave it out${table.split === 'pk' ? `, or give a number: a position on ${table.axis}` : ''}.`,
    })
  }
  const offset = BigInt(instant.offsetMinutes ?? 0) * 60_000_000n
  const micros = BigInt(instant.days) * BigInt(MICROS_PER_DAY) + BigInt(instant.microsOfDay) - offset
  const below = instantOfTime(table, micros, timezone)
  // Between two values of the column: the next one is the first that is not before it.
  const bound = timeOfInstant(table, below, timezone) < micros ? below + 1n : below
  return positionOfInstant(table, bound, timezone)
}
