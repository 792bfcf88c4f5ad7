/** Time series or relational: points for and against, so that the reasons can be read in the plan. */
import type { SourceTable } from '../../model.ts'
import type { TableAssessment, TimeCandidate } from '../../source/source.ts'

export interface KindChoice {
  /** The time column to use; null: relational. */
  series: TimeCandidate | null
  reasons: string[]
  /** The points are close to the line. */
  unsure: boolean
}

export interface KindContext {
  /** Tables whose foreign keys refer to this one. */
  referencedBy: readonly string[]
  seriesRows: number
  /** What a person decided, if anything. */
  forced: 'timeseries' | 'relational' | null
}

/** Points from which a table is a time series. */
const LINE = 3

/**
 * A table is a time series only if it can lose nothing by it: it must have a usable time column, and nobody may refer to its keys, since those
 * have to take the time column in. Then its key, growth and size speak for it, and signs of updates against it; names say little.
 */
export function chooseKind(table: SourceTable, assessment: TableAssessment, context: KindContext): KindChoice {
  const usable = assessment.timeCandidates.filter((candidate) => isUsable(candidate, assessment.rows.value))
  if (context.forced === 'relational') return relational('decided by hand')
  if (context.forced === 'timeseries') {
    const [best = assessment.timeCandidates[0] ?? null] = usable
    return best === null
      ? relational('no column can be its time')
      : { series: best, reasons: [describe(best), ...best.reasons], unsure: false }
  }
  if (usable.length === 0) return relational('no column can be its time')
  if (context.referencedBy.length > 0) return relational(`its key is referred to by ${list(context.referencedBy)}`)
  const scored = usable.map((candidate) => ({
    candidate,
    points: score(table, assessment, candidate, context.seriesRows),
  }))
  const sum = (points: readonly Point[]): number => points.reduce((total, { value }) => total + value, 0)
  const best = scored.reduce((a, b) => (sum(b.points) > sum(a.points) ? b : a))
  const total = sum(best.points)
  const why = best.points.map(({ value, why: text }) => `${value > 0 ? '+' : '−'} ${text}`).join(', ')
  const unsure = Math.abs(total - LINE) < 1 && total > 0
  if (total < LINE) return { series: null, reasons: [`relational by ${best.candidate.column}: ${why}`], unsure: false }
  return { series: best.candidate, reasons: [describe(best.candidate), why, ...best.candidate.reasons], unsure }
}

interface Point {
  value: number
  why: string
}

function relational(reason: string): KindChoice {
  return { series: null, reasons: [reason], unsure: false }
}

function isUsable(candidate: TimeCandidate, rows: number): boolean {
  if (rows === 0) return !/int/.test(candidate.type)
  return candidate.plausible >= 0.9 && candidate.unusable.value <= rows * 0.05
}

function score(table: SourceTable, assessment: TableAssessment, candidate: TimeCandidate, seriesRows: number): Point[] {
  const points: Point[] = []
  const add = (value: number, when: boolean, why: string): void => void (when && points.push({ value, why }))
  const rows = assessment.rows.value
  const { column, monotone } = candidate
  const keys = [
    table.primaryKey,
    ...table.indexes.filter(({ unique }) => unique).map(({ parts }) => parts.map((part) => part.column)),
  ]
  const inKey = keys.some((key) => key.includes(column))
  const hasKey = keys.some((key) => key.length > 0)
  add(3, inKey, `${column} is part of a key`)
  add(2, !hasKey, 'it has no key')
  const others = table.indexes.filter(({ unique, parts }) => unique && !parts.some((part) => part.column === column))
  add(-3, others.length > 0, `unique key ${others[0]?.name ?? ''} does not hold ${column}`)
  add(2, rows >= seriesRows * 10, `${rows} rows`)
  add(1, rows >= seriesRows && rows < seriesRows * 10, `${rows} rows`)
  add(-1, rows > 0 && rows < seriesRows / 20, `only ${rows} rows`)
  add(2, rows > 1 && monotone >= 0.99, `${column} grows with insertion`)
  add(1, rows > 1 && monotone >= 0.9 && monotone < 0.99, `${column} mostly grows with insertion`)
  add(-1, rows > 1 && monotone < 0.6, `${column} does not grow with insertion`)
  add(1, (candidate.rowsPerDay ?? 0) >= 1000, `${Math.round(candidate.rowsPerDay ?? 0)} rows a day`)
  add(1, candidate.access !== 'none' && !inKey, `${column} is indexed`)
  const updated = table.columns.find(({ onUpdateNow }) => onUpdateNow)
  add(-2, updated !== undefined, `rows are updated (${updated?.name ?? ''})`)
  add(-1, table.foreignKeys.length >= 3, `it refers to ${table.foreignKeys.length} tables`)
  add(1, SERIES_COLUMN.test(column), `${column} is a name for a time of measuring`)
  add(-2, ENTITY_COLUMN.test(column), `${column} is a name for a fact about an entity`)
  add(1, SERIES_TABLE.test(table.name), 'the table is named like a series')
  return points
}

const SERIES_COLUMN =
  /^(ts|t|at|time|timestamp|datetime|date_?time|(recorded|measured|observed|sampled|logged|received|event|reading)_?(at|time|ts|on))$/i
const ENTITY_COLUMN = /^(created|updated|modified|changed|deleted|expires?|last|birth|hire|valid|release|registered)/i
const SERIES_TABLE =
  /(series|reading|measure|metric|event|sample|tick|telemetry|sensor_?data|observation|(^|_)logs?$|histor)/i

function describe(candidate: TimeCandidate): string {
  const extent =
    candidate.min === null || candidate.max === null
      ? 'no values yet'
      : `${day(candidate.min)} to ${day(candidate.max)}`
  const unit = candidate.unit === null ? '' : `, ${candidate.unit}`
  return `time series by ${candidate.column} (${candidate.type}${unit}; ${extent})`
}

function day(iso: string): string {
  return iso.split('T', 1)[0] ?? iso
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}
