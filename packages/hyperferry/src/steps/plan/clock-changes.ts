/** Wall-clock columns in a zone that changes its clocks: some times do not exist there, some happen twice. */
import type { Finding, Plan, PlannedColumn } from '../../model.ts'
import { finding } from '../../source/finding-codes.ts'
import { daysFromCivil } from '../../values/time.ts'
import { compileZone } from '../../values/zones.ts'

/** One finding for each such column (HF-P206). Throws HF-P023 for a zone that is not known. */
export function clockFindings(plan: Plan): Finding[] {
  return plan.tables.flatMap((table) =>
    table.columns.filter(isWallClock).flatMap((column) => {
      const zone = column.rules.timezone ?? plan.source.timezone
      if (!changesClocks(zone)) return []
      const message = `${column.source}: ${zone} changes its clocks`
      return [finding('HF-P206', { table: table.source, column: column.source, message })]
    }),
  )
}

/** MySQL's DATETIME has no zone, and text and dates of SQLite may have none. */
function isWallClock({ type, sourceType, rules }: PlannedColumn): boolean {
  return type.startsWith('timestamptz') && rules.unit === undefined && !sourceType.startsWith('timestamp')
}

/** Whether two days of the last half century, by months, have different offsets. */
function changesClocks(name: string): boolean {
  const zone = compileZone(name)
  if (zone.isUtc) return false
  const offsets = new Set<number>()
  for (let year = 1975; year <= 2030; year += 1) {
    for (const month of [1, 4, 7, 10]) offsets.add(zone.offsetAtWall(daysFromCivil(year, month, 15) * 86_400 + 43_200))
  }
  return offsets.size > 1
}
