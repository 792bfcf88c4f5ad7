/** How the columnstore should segment and order a series. */
import type { PlannedTable } from '../../model.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { TableDraft } from './draft-types.ts'

/** Fewer rows of one segment in one chunk compress badly. */
const ROWS_PER_SEGMENT = 100
/** Share of distinct values in the sample above which a column does not repeat. */
const REPEATS = 0.05
const NO_SEGMENT = new Set([
  'float4',
  'float8',
  'json',
  'jsonb',
  'bytea',
  'array',
  'timestamp',
  'timestamptz',
  'interval',
  'time',
])

/** Settings by what the columns look like; `rowsPerChunk` null if unknown. */
export function draftColumnstore(
  draft: TableDraft,
  rowsPerChunk: number | null,
  chunkDays: number,
): NonNullable<PlannedTable['columnstore']> {
  const { planned } = draft
  const time = planned.time?.column ?? ''
  const segment = candidates(draft).find((name) => name !== time && repeats(draft, name, rowsPerChunk))
  const segmentBy = segment === undefined ? [] : [segment]
  // Columns of a key must be in one of the two, so that a duplicate is found without unpacking everything.
  const rest = planned.keys.flatMap(({ columns }) => columns).filter((name) => name !== time && name !== segment)
  return {
    segmentBy,
    orderBy: [`${time} desc`, ...new Set(rest)],
    after: chunkDays <= 1 ? '7 days' : `${chunkDays * 2} days`,
  }
}

/** Columns that rows are looked up by: in keys, then references, then indexes. */
function candidates({ source, planned }: TableDraft): string[] {
  const references = source.foreignKeys.map(({ columns }) => columns[0])
  const referring = planned.columns.filter((column) => references.includes(column.source)).map(({ name }) => name)
  const indexed = planned.indexes.flatMap(({ parts }) => parts.slice(0, 1)).map((part) => part.replace(/ desc$/, ''))
  const names = [...planned.keys.flatMap(({ columns }) => columns), ...referring, ...indexed]
  return [...new Set(names)].filter((name) => planned.columns.some((column) => column.name === name))
}

function repeats({ assessment, planned }: TableDraft, name: string, rowsPerChunk: number | null): boolean {
  const column = planned.columns.find((candidate) => candidate.name === name)
  const distinct = assessment.columns.find((candidate) => candidate.column === column?.source)?.distinct
  if (!column || !distinct || distinct.rows === 0 || NO_SEGMENT.has(parsePgType(column.type).name)) return false
  if (distinct.value / distinct.rows > REPEATS) return false
  return rowsPerChunk === null || rowsPerChunk / Math.max(1, distinct.value) >= ROWS_PER_SEGMENT
}
