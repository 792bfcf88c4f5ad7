/** CHECK constraints: the portable ones, and the members of enums. */
import { finding } from '../../source/finding-codes.ts'
import type { SourceColumn } from '../../model.ts'
import { ident, literal } from '../../target/sql.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { Report, TableDraft } from './draft-types.ts'
import { translate } from './expression.ts'
import type { Namespace } from './names.ts'

/** Sets `checks` of the draft. `constraints` is the namespace of the table's constraints. */
export function draftChecks(draft: TableDraft, constraints: Namespace, report: Report): void {
  const { source, planned } = draft
  const columns = source.columns.flatMap((column) => {
    const target = planned.columns.find((candidate) => candidate.source === column.name)
    return target ? [{ source: column, planned: target }] : []
  })
  for (const { name, expression } of source.checks) {
    if (
      isJsonCheck(
        expression,
        columns.filter(({ planned: { type } }) => /^jsonb?$/.test(type)).map(({ source: { name: column } }) => column),
      )
    )
      continue
    const sql = translate(expression, columns)
    if (sql !== null) planned.checks.push({ name: constraints.take(name), expression: sql })
    else
      report(
        finding('HF-P140', { table: source.name, message: `check ${name} (${expression}) has no sure translation` }),
      )
  }
  for (const { source: column, planned: target } of columns) {
    const members = enumMembers(column)
    if (members === null || !['text', 'varchar'].includes(parsePgType(target.type).name)) continue
    const allowed = draft.assessment.findings.some(
      ({ code, column: where }) => code === 'HF-P223' && where === column.name,
    )
      ? ['', ...members.filter((member) => member !== '')]
      : members
    planned.checks.push({
      name: constraints.take(`${planned.name}_${target.name}_check`),
      expression: `${ident(target.name)} = ANY (ARRAY[${allowed.map(literal).join(', ')}])`,
    })
  }
}

/** Members of `enum('a','it''s')` in their order; null for other types. */
function enumMembers(column: SourceColumn): string[] | null {
  const inside = /^enum\s*\((.*)\)$/is.exec(column.type)?.[1]
  if (inside === undefined) return null
  return [...inside.matchAll(/'((?:[^']|'')*)'/g)].map(([, member = '']) => member.replaceAll("''", "'"))
}

/** MariaDB's own check on JSON columns, which the type json does anyway. */
function isJsonCheck(expression: string, jsonColumns: readonly string[]): boolean {
  const column = /^\(?\s*json_valid\s*\(\s*[`"]?([^`"()]+)[`"]?\s*\)\s*\)?$/i.exec(expression.trim())?.[1]
  return column !== undefined && jsonColumns.includes(column)
}
