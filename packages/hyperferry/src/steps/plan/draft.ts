/** The plan's tables from what is known of the source: a pure function, so that every decision can be tested without a database. */
import { finding } from '../../source/finding-codes.ts'
import type { Finding, PlannedTable, SourceTable } from '../../model.ts'
import type { TableAssessment, TimeCandidate } from '../../source/source.ts'
import { draftChecks } from './checks.ts'
import { chooseInterval } from './chunk-interval.ts'
import { draftColumns } from './columns.ts'
import { draftColumnstore } from './columnstore.ts'
import type { Draft, DraftInput, Report, TableDraft } from './draft-types.ts'
import { draftForeignKeys } from './foreign-keys.ts'
import { draftIndexes } from './indexes.ts'
import { draftKeys } from './keys.ts'
import { chooseKind } from './kind.ts'
import { Namespace, needsQuotes } from './names.ts'
import { estimateRowBytes } from './row-size.ts'
import { unifyTypes } from './unify-types.ts'

export type { Draft, DraftInput } from './draft-types.ts'

/** Proposes every table that was assessed. The same input gives the same draft. */
export function draftPlan(input: DraftInput): Draft {
  const findings: Finding[] = []
  const report: Report = (one) => void findings.push(one)
  const relations = new Namespace()
  const drafts = input.inventory.tables
    .filter((table) => input.assessments.has(table.name))
    .toSorted((a, b) => order(a.name, b.name))
    .map((table) => startTable(table, input, relations, report))
  unifyTypes(drafts, report)
  for (const draft of drafts) settleSeries(draft, input, report)
  for (const draft of drafts) settleIdentity(draft, report)
  for (const draft of drafts) draftKeys(draft, relations, report)
  const active = drafts.filter(({ series }) => series !== null).length
  for (const draft of drafts) {
    draftIndexes(draft, relations, report)
    settleChunks(draft, input, active, report)
    reportReading(draft, report)
  }
  for (const draft of drafts) {
    const constraints = new Namespace()
    // Indexes are no constraints: MySQL gives a foreign key and its index one name.
    for (const { name } of draft.planned.keys) constraints.take(name)
    draftForeignKeys(draft, { drafts, target: input.target, constraints }, report)
    draftChecks(draft, constraints, report)
    draft.planned.estimatedBytes = Math.round(draft.assessment.rows.value * estimateRowBytes(draft.planned))
  }
  reportQuotes(drafts, report)
  return { tables: drafts.map(({ planned }) => planned), findings: merge(input, drafts, findings) }
}

function startTable(source: SourceTable, input: DraftInput, relations: Namespace, report: Report): TableDraft {
  const assessment = input.assessments.get(source.name) ?? EMPTY
  const name = relations.take(source.name === '' ? 'unnamed' : source.name)
  if (name !== source.name) {
    report(finding('HF-P101', { table: source.name, message: `table ${source.name} becomes ${name}` }))
  }
  const { series, reasons, unsure } = chooseKind(source, assessment, {
    referencedBy: referencedBy(source, input),
    seriesRows: input.options.seriesRows,
    forced: input.options.kinds.get(source.name) ?? null,
  })
  if (unsure) {
    report(
      finding('HF-P301', {
        table: source.name,
        message: reasons[0] ?? '',
        action: 'Planned as a time series. Alternative: kind: relational, without time, chunkInterval and columnstore.',
      }),
    )
  }
  return {
    source,
    assessment,
    series,
    planned: emptyTable(
      source,
      { name, series, reasons, columns: draftColumns(source, assessment, report) },
      assessment,
    ),
  }
}

const EMPTY: TableAssessment = {
  rows: { value: 0, exact: true },
  columns: [],
  timeCandidates: [],
  keyAxis: null,
  findings: [],
}

interface Start {
  name: string
  series: TimeCandidate | null
  reasons: string[]
  columns: PlannedTable['columns']
}

function emptyTable(source: SourceTable, start: Start, assessment: TableAssessment): PlannedTable {
  return {
    source: source.name,
    name: start.name,
    kind: start.series === null ? 'relational' : 'timeseries',
    reasons: start.reasons,
    time: null,
    chunkInterval: null,
    columnstore: null,
    ...splitOf(start.series, assessment, start.columns),
    mode: 'replace',
    existingRows: 'refuse',
    sync: 'final-copy',
    columns: start.columns,
    keys: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    comment: source.comment,
    estimatedRows: assessment.rows.value,
    estimatedBytes: null,
  }
}

/** Along the time if the source can read ranges of it and its raw values are positions; else along the key. */
function splitOf(
  series: TimeCandidate | null,
  assessment: TableAssessment,
  columns: PlannedTable['columns'],
): Pick<PlannedTable, 'split' | 'axis'> {
  const column = columns.find(({ source }) => source === series?.column)
  if (series !== null && series.access !== 'none' && column?.rules.format === undefined) {
    return { split: 'time', axis: series.column }
  }
  return assessment.keyAxis === null ? { split: 'all', axis: null } : { split: 'pk', axis: assessment.keyAxis.column }
}

function referencedBy(table: SourceTable, { inventory, assessments }: DraftInput): string[] {
  const name = table.name.toLowerCase()
  return inventory.tables
    .filter(
      (other) =>
        assessments.has(other.name) &&
        other.foreignKeys.some(({ references }) => references.table.toLowerCase() === name),
    )
    .map((other) => other.name)
    .toSorted(order)
}

/** Time column: its type, NOT NULL, and what speaks against it. */
function settleSeries({ source, planned, series }: TableDraft, { target }: DraftInput, report: Report): void {
  if (series === null) return
  const column = planned.columns.find((candidate) => candidate.source === series.column)
  if (!column) return
  if (baseType(column.type) !== baseType(series.type)) column.type = series.type
  // NULL cannot stand in a time column, so nothing may become NULL there.
  if (column.rules.zeroDate === 'null') column.rules = { ...column.rules, zeroDate: 'quarantine' }
  const isInteger = /^(smallint|integer|bigint|int[248])$/.test(column.type)
  if (isInteger) {
    const { unit: _, ...rules } = column.rules
    column.rules = rules
  } else if (series.unit !== null && column.rules.unit === undefined) {
    column.rules = { ...column.rules, unit: series.unit }
  }
  column.nullable = false
  planned.time = { column: column.name, unit: isInteger ? (series.unit ?? 's') : null }
  // Settled for good when indexes are known; keys must know that there will be chunks.
  planned.chunkInterval = target.hypertables ? '7 days' : null
  if (series.unusable.value > 0) {
    report(
      finding('HF-P202', {
        table: source.name,
        column: source.columns.find(({ name }) => name === series.column)?.name ?? null,
        count: series.unusable,
        message: `${series.unusable.value} ${series.unusable.value === 1 ? 'row has' : 'rows have'} no usable ${series.column}`,
      }),
    )
  }
}

function baseType(type: string): string {
  return type
    .replace(/\(.*\)/, '')
    .replace(' with time zone', 'tz')
    .replace(' without time zone', '')
}

function settleIdentity({ source, planned }: TableDraft, report: Report): void {
  for (const column of planned.columns) {
    if (!column.identity) continue
    column.default = null
    if (/^(smallint|integer|bigint)$/.test(column.type)) continue
    column.identity = false
    report(
      finding('HF-P135', {
        table: source.name,
        column: column.source,
        message: `${source.name}.${column.source} is ${column.type}`,
      }),
    )
  }
  // A column that gives itself a number cannot be NULL.
  for (const column of planned.columns) if (column.identity) column.nullable = false
}

function settleChunks(draft: TableDraft, { target }: DraftInput, series: number, report: Report): void {
  const { source, planned, assessment } = draft
  if (draft.series === null || planned.chunkInterval === null) return
  const rows = assessment.rows.value
  const choice = chooseInterval({
    candidate: draft.series,
    rows,
    bytesPerRow: estimateRowBytes(planned),
    cacheBytes: target.cacheBytes,
    series,
  })
  planned.chunkInterval = choice.text
  planned.reasons.push(choice.reason)
  const place = { table: source.name, column: draft.series.column }
  if (choice.stray) {
    report(
      finding('HF-P201', {
        ...place,
        message: `${draft.series.column} reaches from ${draft.series.min ?? ''} to ${draft.series.max ?? ''}`,
      }),
    )
  }
  if (choice.oversized !== null) {
    const gigabytes = (choice.oversized / 1e9).toFixed(1)
    report(
      finding('HF-P306', {
        ...place,
        message: `a chunk of ${choice.text} holds about ${gigabytes} GB, and shorter ones would be more than 2000`,
      }),
    )
  }
  const perChunk = choice.chunks === 0 ? null : rows / choice.chunks
  planned.columnstore = target.columnstore ? draftColumnstore(draft, perChunk, choice.days) : null
}

/** What the owner should know of how the table is read and of what its types keep. */
function reportReading({ source, planned, series }: TableDraft, report: Report): void {
  if (series !== null && planned.split !== 'time') {
    const how = planned.axis === null ? 'in one task' : `by ${planned.axis}`
    report(
      finding('HF-P155', {
        table: source.name,
        column: series.column,
        message: `${series.column} cannot be read by ranges: the table is read ${how}`,
      }),
    )
  }
  for (const column of planned.columns) {
    if (column.type !== 'jsonb') continue
    report(finding('HF-P222', { table: source.name, column: column.source, message: `${column.source} becomes jsonb` }))
  }
}

function reportQuotes(drafts: readonly TableDraft[], report: Report): void {
  const quoted = drafts
    .flatMap(({ planned }) => [planned.name, ...planned.columns.map(({ name }) => `${planned.name}.${name}`)])
    .filter((name) => name.split('.').some(needsQuotes))
  if (quoted.length === 0) return
  report(
    finding('HF-P309', {
      table: null,
      count: { value: quoted.length, exact: true },
      message: `${quoted.slice(0, 3).join(', ')}${quoted.length > 3 ? ', …' : ''}`,
    }),
  )
}

/** The engine's findings, which have counts, and those of the draft that the engine has not given already; sorted. */
function merge({ assessments }: DraftInput, drafts: readonly TableDraft[], drafted: readonly Finding[]): Finding[] {
  const seen = [...assessments.values()]
    .flatMap(({ findings }) => findings)
    .filter((one) => concerns(one, drafts))
    .map((one) => asTimeColumn(one, drafts))
  const key = ({ code, table, column }: Finding): string => [code, table, column].join('\0')
  const known = new Set(seen.map(key))
  const fresh = drafted.filter((one) => !known.has(key(one)))
  return [...seen, ...fresh].toSorted(
    (a, b) =>
      order(a.table ?? '', b.table ?? '') ||
      order(a.column ?? '', b.column ?? '') ||
      order(a.code, b.code) ||
      order(a.message, b.message),
  )
}

/** What becomes of keys, indexes and checks is decided here: only the draft can say what the plan does. */
const DECIDED_HERE: ReadonlySet<string> = new Set([
  'HF-P110',
  'HF-P114',
  'HF-P116',
  'HF-P117',
  'HF-P118',
  'HF-P119',
  'HF-P135',
  'HF-P140',
  'HF-P160',
])

/** Whether a finding of the engine still holds for the table as it is planned. */
function concerns(one: Finding, drafts: readonly TableDraft[]): boolean {
  const draft = drafts.find(({ source }) => source.name === one.table)
  if (!draft) return true
  const column = draft.planned.columns.find(({ source }) => source === one.column)
  const isTime = draft.series !== null && draft.series.column === one.column
  switch (one.code) {
    // Stray and missing times matter in the time column, mixed units wherever a number becomes an instant.
    case 'HF-P201':
    case 'HF-P202':
      return isTime
    case 'HF-P203':
      return isTime || column?.rules.unit !== undefined
    case 'HF-P121':
      return column?.type === 'bigint'
    default:
      return !DECIDED_HERE.has(one.code)
  }
}

/** What the engine proposes for a column of mixed values is not what the plan does when the column is the time column. */
function asTimeColumn(one: Finding, drafts: readonly TableDraft[]): Finding {
  const draft = drafts.find(({ source, series }) => source.name === one.table && series?.column === one.column)
  if (!draft || !['HF-P142', 'HF-P217', 'HF-P218', 'HF-P229'].includes(one.code)) return one
  const type = draft.planned.columns.find(({ source }) => source === one.column)?.type ?? ''
  return { ...one, action: `${type} proposed, since it is the time column; rows with other values go to quarantine.` }
}

/** By code unit: the same on every machine. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
