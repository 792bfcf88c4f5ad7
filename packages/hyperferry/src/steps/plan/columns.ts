/** Columns of a planned table: type and rules from the look at the values, NOT NULL only where it holds. */
import { finding } from '../../source/finding-codes.ts'
import type { PlannedColumn, SourceColumn, SourceTable } from '../../model.ts'
import type { ColumnAssessment, TableAssessment } from '../../source/source.ts'
import type { Report } from './draft-types.ts'
import { columnName, Namespace } from './names.ts'

const MAX_COLUMNS = 1600

/** One planned column for each source column, in order. Generated ones become ordinary columns with the values they have. */
export function draftColumns(table: SourceTable, assessment: TableAssessment, report: Report): PlannedColumn[] {
  const names = new Namespace()
  const assessed = new Map(assessment.columns.map((column) => [column.column, column]))
  if (table.columns.length > MAX_COLUMNS) {
    report(finding('HF-P103', { table: table.name, message: `${table.name} has ${table.columns.length} columns` }))
  }
  return table.columns.map((column, i) => {
    const wanted = columnName(column.name, i + 1)
    const name = names.take(wanted)
    reportName(table, column, { wanted, name }, report)
    return draftColumn(column, name, assessed.get(column.name))
  })
}

function draftColumn(column: SourceColumn, name: string, assessed: ColumnAssessment | undefined): PlannedColumn {
  const rules = assessed?.rules ?? {}
  return {
    source: column.name,
    name,
    sourceType: column.type,
    type: assessed?.type ?? 'text',
    nullable: column.nullable || (assessed?.hasNulls ?? true) || rules.zeroDate === 'null',
    default: assessed?.default ?? null,
    identity: column.autoIncrement,
    generated: null,
    comment: column.comment,
    rules,
    ...(assessed && assessed.reasons.length > 0 ? { reasons: assessed.reasons } : {}),
  }
}

function reportName(
  table: SourceTable,
  column: SourceColumn,
  { wanted, name }: { wanted: string; name: string },
  report: Report,
): void {
  const place = { table: table.name, column: column.name }
  if (wanted !== column.name) {
    report(finding('HF-P310', { ...place, message: `column "${column.name}" becomes ${name}` }))
  } else if (name !== wanted) {
    report(finding('HF-P101', { ...place, message: `column ${column.name} becomes ${name}` }))
  }
}
