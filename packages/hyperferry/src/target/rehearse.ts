/** Tries the expressions of a plan before anything is made, so that one the server refuses leaves nothing behind. */
import type { PlannedColumn, PlannedTable } from '../model.ts'
import { HyperferryError } from '../errors.ts'
import { TWIN } from './ddl-statement.ts'
import { columnSql } from './ddl-table.ts'
import type { Session } from './session.ts'

/**
 * Makes a temporary twin of each table that has expressions (defaults, generated columns, checks) and takes it back. Throws HF-S012 naming table and
 * column (or check) of the first one that the server refuses; changes nothing.
 */
export async function rehearse(session: Session, schema: string, tables: readonly PlannedTable[]): Promise<void> {
  for (const table of tables) {
    const columns = table.columns.filter(hasExpression)
    if (columns.length === 0 && table.checks.length === 0) continue
    const whole = await attempt(session, [
      twinOf(table, table.columns),
      ...table.checks.map(({ expression }) => checkSql(expression)),
    ])
    // A role that may make no temporary tables may still be able to make these.
    if (whole === null || whole.sqlstate === '42501') continue
    const place = `table "${schema}"."${table.name}"`
    // Each alone, to tell which one it was.
    for (const column of columns) {
      const others = table.columns.filter((each) => each !== column).map(withoutExpression)
      const error = await attempt(session, [twinOf(table, [...others, column])])
      const text = column.generated ?? column.default ?? ''
      const what = column.generated === null ? 'default' : 'expression'
      if (error !== null) throw refused(error, `the ${what} ${text} of column "${column.name}" of ${place}`)
    }
    for (const { name, expression } of table.checks) {
      const error = await attempt(session, [twinOf(table, table.columns), checkSql(expression)])
      if (error !== null) throw refused(error, `the check "${name}" (${expression}) of ${place}`)
    }
    throw refused(whole, place)
  }
}

/** Null when the server takes the statements, else its refusal. Other errors are thrown. */
async function attempt(session: Session, statements: readonly string[]): Promise<HyperferryError | null> {
  await session.query('begin')
  try {
    for (const sql of statements) await session.query(sql)
    return null
  } catch (error) {
    if (error instanceof HyperferryError && error.sqlstate !== null && error.retry !== 'transient') return error
    throw error
  } finally {
    if (session.state !== 'lost') await session.query('rollback')
  }
}

function refused(error: HyperferryError, what: string): HyperferryError {
  const cause = error.cause instanceof Error ? error.cause.message : error.message
  return new HyperferryError('HF-S012', {
    what: `the target refuses ${what}: ${cause} (${error.sqlstate ?? ''})`,
    ...(error.sqlstate === null ? {} : { sqlstate: error.sqlstate }),
    details: error.details,
    cause: error,
  })
}

function twinOf(table: PlannedTable, columns: readonly PlannedColumn[]): string {
  return `create temporary table ${TWIN} (${columns.map((column) => columnSql(table, column)).join(', ')}) on commit drop`
}

function checkSql(expression: string): string {
  return `alter table ${TWIN} add check (${expression})`
}

function hasExpression({ default: value, generated }: PlannedColumn): boolean {
  return value !== null || generated !== null
}

function withoutExpression(column: PlannedColumn): PlannedColumn {
  return { ...column, default: null, generated: null }
}
