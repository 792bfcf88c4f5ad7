/** A look at one table: types, rules, findings and candidates for the time column. */
import type { Finding, SourceTable } from '../../model.ts'
import { finding } from '../finding-codes.ts'
import { counted } from '../count-text.ts'
import type { ColumnAssessment, TableAssessment, TimeCandidate } from '../source.ts'
import { axisScale } from './axis-position.ts'
import { parseColumnType } from './column-type.ts'
import { translateDefault } from './default-sql.ts'
import { tableFindings } from './findings.ts'
import type { ColumnLook } from './findings.ts'
import { profileTable } from './profile.ts'
import type { Profile } from './profile.ts'
import { Facts } from './profile-sql.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'
import { timeCandidates } from './time-candidates.ts'
import { proposeType } from './types.ts'

export interface AssessContext {
  session: Session
  server: Server
  /** Zone of wall-clock values, for defaults. */
  timezone: string
}

/** Asks for aggregates and a sample; changes nothing. */
export async function assessTable(
  { session, server, timezone }: AssessContext,
  table: SourceTable,
  how: { full: boolean; sampleRows: number },
): Promise<TableAssessment> {
  const profile = await profileTable(session, server, table, how)
  const looks = table.columns.map((column): ColumnLook => {
    const proposal = proposeType(column, profile.facts.get(column.name) ?? new Facts(), profile.exact)
    return { column, proposal, default: translateDefault(column, proposal.type, timezone) }
  })
  const candidates = timeCandidates(table, looks, profile)
  return {
    rows: profile.rows,
    columns: looks.map((look) => columnAssessment(look, profile)),
    timeCandidates: candidates,
    keyAxis: keyAxis(table),
    findings: [...tableFindings(table, looks, profile), ...epochFindings(table.name, candidates, profile)],
  }
}

function columnAssessment({ column, proposal, default: translated }: ColumnLook, profile: Profile): ColumnAssessment {
  const facts = profile.facts.get(column.name)
  const i = profile.sampleColumns.indexOf(column.name)
  const rows = profile.sample.flat()
  return {
    column: column.name,
    type: proposal.type,
    rules: proposal.rules,
    reasons: proposal.reasons,
    hasNulls:
      (facts?.nulls ?? 0) > 0 ||
      // A sample proves nothing.
      (!profile.exact && column.nullable) ||
      (proposal.rules.zeroDate === 'null' && (facts?.count('zeroDate') ?? 0) > 0),
    distinct:
      i === -1 || rows.length === 0 ? null : { value: new Set(rows.map((row) => row[i])).size, rows: rows.length },
    default: typeof translated === 'string' ? null : translated.sql,
  }
}

/** Leading integer column of the primary key, or of a unique key without NULL: the server orders a table without primary key by it. */
function keyAxis(table: SourceTable): { column: string } | null {
  const keys = [
    table.primaryKey,
    ...table.indexes
      .filter(({ unique, kind, parts }) => unique && kind === 'btree' && parts.every((part) => part.prefix === null))
      .map(({ parts }) => parts.map((part) => part.column)),
  ]
  for (const key of keys) {
    const columns = key.map((name) => table.columns.find((one) => one.name === name))
    const [lead] = columns
    const isWhole = columns.every((column) => column?.nullable === false)
    if (lead && isWhole && axisScale(parseColumnType(lead.type))?.kind === 'integer') return { column: lead.name }
  }
  return null
}

function epochFindings(table: string, candidates: readonly TimeCandidate[], profile: Profile): Finding[] {
  return candidates.flatMap((one) => {
    if (one.plausible === 1 || one.plausible === 0) return []
    // A share would round a single stray among thousands to nothing.
    const i = profile.sampleColumns.indexOf(one.column)
    const looked = profile.sample.flat().filter((row) => row[i] != null).length
    const strays = Math.max(1, Math.round((1 - one.plausible) * looked))
    const share = `${strays} of ${counted(looked, 'sampled values')}`
    return one.unit === null
      ? [finding('HF-P201', { table, column: one.column, message: `${share} outside 1971–2100` })]
      : [
          finding('HF-P203', {
            table,
            column: one.column,
            message: `${share}: no times in ${one.unit}`,
          }),
        ]
  })
}
