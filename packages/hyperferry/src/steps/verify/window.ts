/** `--from` and `--to`: instants (or positions) as positions on a table's axis. */
import { HyperferryError } from '../../errors.ts'
import type { PlannedTable, Span } from '../../model.ts'
import { parsePgType } from '../../values/pgtype.ts'
import { floorDiv, MICROS_PER_DAY, parseIsoInstant } from '../../values/time.ts'
import { compileZone } from '../../values/zones.ts'

/** An integer is a position in the source's unit, anything else ISO 8601 (UTC unless it names an offset). Throws HF-U001. */
export function windowOf(table: PlannedTable, timezone: string, wanted: { from?: string; to?: string }): Span {
  return {
    from: wanted.from === undefined ? null : positionOf(table, timezone, wanted.from),
    to: wanted.to === undefined ? null : positionOf(table, timezone, wanted.to),
  }
}

/** Whether the bounds are positions of this table: numbers always are, instants only on an axis that is its time. */
export function isPlaceable(table: PlannedTable, wanted: { from?: string; to?: string }): boolean {
  return table.split === 'time' || [wanted.from, wanted.to].every((text) => text === undefined || /^-?\d+$/.test(text))
}

function positionOf(table: PlannedTable, timezone: string, text: string): bigint {
  if (/^-?\d+$/.test(text)) return BigInt(text)
  const column = table.columns.find((each) => each.source === table.axis)
  const instant = parseIsoInstant(text)
  const isTime = table.split === 'time' && column !== undefined
  if (instant === null || !isTime) {
    const why = instant === null ? 'no instant' : `no position of table ${table.name}, which is not split by time`
    throw new HyperferryError('HF-U001', {
      what: `${text} is ${why}`,
      hint: 'Write 2024-01-31T00:00:00Z, or a whole number: a position on the axis.',
    })
  }
  const offset = BigInt(instant.offsetMinutes ?? 0) * 60_000_000n
  const micros = BigInt(instant.days) * BigInt(MICROS_PER_DAY) + BigInt(instant.microsOfDay) - offset
  // The unit of a column that stays an integer stands with the table's time.
  switch (column.rules.unit ?? table.time?.unit) {
    case 's':
      return floorDiv(micros, 1_000_000n)
    case 'ms':
      return floorDiv(micros, 1000n)
    case 'us':
      return micros
    case 'ns':
      return micros * 1000n
    default:
  }
  // Wall clocks stay as they are in types without a zone; a source type `timestamp` is read in UTC.
  if (parsePgType(column.type).name !== 'timestamptz' || /^timestamp\b/i.test(column.sourceType)) return micros
  return wallOf(micros, column.rules.timezone ?? timezone)
}

/** The wall clock that shows an instant: the offset before is a guess, the one after it the answer, but for an hour at a change of the clocks. */
function wallOf(micros: bigint, zoneName: string): bigint {
  const zone = compileZone(zoneName)
  if (zone.isUtc) return micros
  let wall = micros
  for (let round = 0; round < 2; round += 1) {
    const offset = zone.offsetAtWall(Number(floorDiv(wall, 1_000_000n)))
    wall = micros + BigInt(Number.isNaN(offset) ? 0 : offset) * 1_000_000n
  }
  return wall
}
