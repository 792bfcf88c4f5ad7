/** Which columns could be the time column, best first. */
import { counted } from '../count-text.ts'
import type { SourceColumn, SourceTable } from '../../model.ts'
import { isoUtc } from '../../values/time.ts'
import type { TimeCandidate } from '../source.ts'
import { declaredType } from './declared.ts'
import { bestUnit } from './epoch.ts'
import type { ColumnProfile } from './profile.ts'
import { isWithoutRowid, rowidAlias } from './shape.ts'
import { Timeline } from './timeline.ts'
import type { Proposal } from './types.ts'

/** At least so much of the column must be instants. */
const SHARE = 0.9
const TIME_NAME =
  /(?:^|_)(?:ts|t|at|on|time|date|day|epoch|when|utc|stamp|timestamp|datetime|created|updated|recorded|measured)(?:$|_|\d)|time|date|stamp|epoch/i

export interface CandidateContext {
  table: SourceTable
  column: SourceColumn
  profile: ColumnProfile
  proposal: Proposal
  exact: boolean
}

/** How the column would be read as a time; null when it is none. The second pass over the rows fills the timeline. */
export function timelineOf(
  context: CandidateContext,
  timezone: string,
): { timeline: Timeline; type: string; unit: TimeCandidate['unit'] } | null {
  const { column, profile, proposal, table } = context
  const { integers, reals, texts, values } = profile
  const { family } = declaredType(column.type)
  const named = TIME_NAME.test(column.name) || family === 'datetime' || family === 'date'
  if (column.generated || values === 0) return null
  const { type, rules } = proposal
  if (type === 'timestamptz' || type === 'date') {
    const { unit, format } = rules
    return { timeline: new Timeline({ unit, format }, timezone), type, unit: unit ?? null }
  }
  const { unit, count } = bestUnit(integers.units)
  if (count >= values * SHARE && count > 0) {
    // Small numbers may be anything: a count, or the table's own numbering.
    if (!named && (unit === 's' || column.name === rowidAlias(table))) return null
    return { timeline: new Timeline({ unit }, timezone), type: 'bigint', unit }
  }
  if (named && reals.epoch + integers.units.s >= values * SHARE)
    return { timeline: new Timeline({ unit: 's' }, timezone), type: 'timestamptz', unit: 's' }
  if (texts.iso >= values * SHARE) return { timeline: new Timeline({}, timezone), type: 'timestamptz', unit: null }
  return null
}

export function candidateOf(
  context: CandidateContext,
  found: { timeline: Timeline; type: string; unit: TimeCandidate['unit'] },
): TimeCandidate {
  const { table, column, profile, proposal, exact } = context
  const { timeline, type, unit } = found
  const byNumber =
    proposal.rules.format !== 'julian' &&
    profile.integers.count + profile.reals.count > 0 &&
    profile.texts.count <= profile.values * (1 - SHARE)
  const { access, reason } = accessOf(table, column, byNumber)
  const reasons = [reason]
  if (timeline.unusable > 0) reasons.push(`${counted(timeline.unusable, 'rows')} without a time`)
  reasons.push(
    `grows with insertion in ${(timeline.monotone * 100).toFixed(timeline.monotone === 1 ? 0 : 2)} % of ${exact ? 'the rows' : 'a sample'}`,
  )
  return {
    column: column.name,
    type,
    unit,
    plausible: timeline.plausible / Math.max(1, timeline.instants + timeline.unusable),
    monotone: timeline.monotone,
    access,
    min: timeline.min === null ? null : isoUtc(timeline.min),
    max: timeline.max === null ? null : isoUtc(timeline.max),
    rowsPerDay: timeline.rowsPerDay(exact),
    unusable: { value: timeline.unusable, exact },
    reasons,
  }
}

export function bestFirst(candidates: TimeCandidate[], table: SourceTable): TimeCandidate[] {
  const score = (c: TimeCandidate): number => {
    const inKey =
      table.primaryKey.includes(c.column) ||
      table.indexes.some((index) => index.unique && index.parts.some((p) => p.column === c.column))
    const access = c.access === 'none' ? 0 : 0.5
    return (
      c.plausible +
      c.monotone +
      access +
      (inKey ? 0.5 : 0) -
      (c.unusable.value > 0 ? 0.5 : 0) +
      (TIME_NAME.test(c.column) ? 0.25 : 0)
    )
  }
  return candidates.toSorted((a, b) => score(b) - score(a))
}

/** Only numbers have positions: a range of ISO text is no range of integers. */
function accessOf(
  table: SourceTable,
  column: SourceColumn,
  byNumber: boolean,
): { access: TimeCandidate['access']; reason: string } {
  if (!byNumber) return { access: 'none', reason: 'times kept as text cannot be split by ranges: tasks follow the key' }
  const clustered = rowidAlias(table) === column.name || (isWithoutRowid(table) && table.primaryKey[0] === column.name)
  if (clustered) return { access: 'clustered', reason: 'the table is ordered by it' }
  const leading = table.indexes.find((index) => index.where === null && index.parts[0]?.column === column.name)
  const keyed = !isWithoutRowid(table) && table.primaryKey.length > 0 && table.primaryKey[0] === column.name
  if (leading) return { access: 'index', reason: `index ${leading.name} begins with it` }
  if (keyed) return { access: 'index', reason: 'the primary key begins with it' }
  return { access: 'none', reason: 'no index begins with it: tasks follow the key' }
}
