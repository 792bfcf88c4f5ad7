/** What the values of a table say: types, rules, time columns and findings. */
import { counted } from '../count-text.ts'
import type { DatabaseSync } from 'node:sqlite'
import type { Finding, SourceColumn, SourceTable } from '../../model.ts'
import { finding } from '../finding-codes.ts'
import type { ColumnAssessment, TableAssessment, TimeCandidate } from '../source.ts'
import { bestFirst, candidateOf, timelineOf } from './candidates.ts'
import type { CandidateContext } from './candidates.ts'
import { declaredType } from './declared.ts'
import { defaultSql } from './default-sql.ts'
import type { Encoding } from './exact.ts'
import { ident } from './names.ts'
import { rowOf } from './open.ts'
import { ColumnProfile } from './profile.ts'
import { COMPLETE_ROWS, sample } from './sample.ts'
import type { Sample, SampleContext } from './sample.ts'
import { keyAxis } from './shape.ts'
import { isKeyed, tableFindings } from './table-findings.ts'
import { proposeType } from './types.ts'
import type { Proposal } from './types.ts'

/** Above this a value is worth a word. */
const LARGE_BYTES = 64 * 1024 * 1024

export interface AssessContext {
  full: boolean
  sampleRows: number
  encoding: Encoding
  timezone: string
  signal: AbortSignal
}

/** Two passes over the same rows: one for classes and types, one for the columns that may be times. */
export async function assessTable(
  database: DatabaseSync,
  table: SourceTable,
  context: AssessContext,
): Promise<TableAssessment> {
  const isCounted = context.full || table.estimatedRows <= COMPLETE_ROWS
  const rows = isCounted
    ? Number(rowOf(database, `SELECT count(*) FROM main.${ident(table.name)}`)?.[0] ?? 0)
    : table.estimatedRows
  const looking: SampleContext = { ...context, table, rows }
  const profiles = table.columns.map((column) => newProfile(column))
  const seen = await sample(database, looking, (values) => {
    for (let i = 0; i < profiles.length; i += 1) profiles[i]?.add(values[i] ?? null)
  })
  const columns = table.columns.map((column, i) => {
    const profile = profiles[i] ?? newProfile(column)
    const onlyBooleans = (): boolean => seen.exact || holdsOnlyBooleans(database, table, column)
    const proposal = proposeType(profile, {
      column,
      inKey: isKeyed(table, column.name),
      exact: seen.exact,
      onlyBooleans,
    })
    return { table, column, profile, proposal, exact: seen.exact }
  })
  const timeCandidates = await candidates(database, { looking, columns, timezone: context.timezone })
  const findings = [...tableFindings(database, table, isCounted), ...columns.flatMap((column) => valueFindings(column))]
  return {
    rows: { value: rows, exact: isCounted },
    columns: columns.map((column) => assessment(column, seen, findings)),
    timeCandidates,
    keyAxis: keyAxis(table),
    findings,
  }
}

function newProfile(column: SourceColumn): ColumnProfile {
  const { decimal, family } = declaredType(column.type)
  return new ColumnProfile({ decimal, json: family === 'json' })
}

/** A sample cannot say that a column holds nothing else; this look ends at the first other value. */
function holdsOnlyBooleans(database: DatabaseSync, table: SourceTable, { name }: SourceColumn): boolean {
  const sql = `SELECT 1 FROM main.${ident(table.name)} WHERE ${ident(name)} NOT IN (0, 1) LIMIT 1`
  return rowOf(database, sql) === null
}

interface Candidacy {
  looking: SampleContext
  columns: CandidateContext[]
  timezone: string
}

async function candidates(database: DatabaseSync, { looking, columns, timezone }: Candidacy): Promise<TimeCandidate[]> {
  const timelines = columns.map((column) => timelineOf(column, timezone))
  if (timelines.every((found) => found === null)) return []
  await sample(database, looking, (values, window) => {
    for (let i = 0; i < timelines.length; i += 1) timelines[i]?.timeline.add(values[i] ?? null, window)
  })
  const found = columns.flatMap((column, i) => {
    const timeline = timelines[i]
    return timeline ? [candidateOf(column, timeline)] : []
  })
  return bestFirst(found, looking.table)
}

/** Adds a finding when the default cannot be carried. */
function assessment(
  { table, column, profile, proposal, exact }: CandidateContext,
  seen: Sample,
  findings: Finding[],
): ColumnAssessment {
  const { type, rules, reasons } = proposal
  const dflt = column.generated ? null : defaultSql(column.default, type)
  if (dflt === undefined && column.default !== null) {
    const shown =
      column.default.kind === 'expression'
        ? column.default.sql
        : column.default.kind === 'literal'
          ? `'${column.default.value}'`
          : column.default.kind
    findings.push(
      finding('HF-P133', { table: table.name, column: column.name, message: `default ${shown} for ${type}` }),
    )
  }
  return {
    column: column.name,
    type,
    rules,
    reasons,
    hasNulls: profile.nulls > 0 || (!exact && column.nullable) || rules.zeroDate === 'null',
    distinct: seen.rows === 0 ? null : { value: profile.distinct.size, rows: seen.rows },
    default: dflt ?? null,
  }
}

function valueFindings({ table, column, profile, proposal, exact }: CandidateContext): Finding[] {
  const where = { table: table.name, column: column.name }
  const findings = notesAsFindings(proposal, where, exact)
  const { texts, blobs } = profile
  if (texts.stray > 0 && (proposal.type === 'timestamptz' || proposal.type === 'date')) {
    const count = { value: texts.stray, exact }
    findings.push(
      finding('HF-P201', { ...where, count, message: `${counted(texts.stray, 'values')} outside of 1971–2100` }),
    )
  }
  const longest = Math.max(texts.longest, blobs.longest)
  if (longest > LARGE_BYTES) {
    findings.push(finding('HF-P161', { ...where, message: `values of up to ${Math.round(longest / 1024 / 1024)} MB` }))
  }
  return findings
}

function notesAsFindings({ notes }: Proposal, where: { table: string; column: string }, exact: boolean): Finding[] {
  return notes.map(({ code, count, message, action }) =>
    finding(code, { ...where, count: { value: count, exact }, message, ...(action !== undefined && { action }) }),
  )
}
