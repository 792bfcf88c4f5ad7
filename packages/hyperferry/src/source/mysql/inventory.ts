/** Tables of the database as they are, and what is not moved. */
import type { Inventory, SkippedObject, SourceColumn, SourceTable } from '../../model.ts'
import { MARKER_TABLE } from '../source.ts'
import { readDefault } from './column-default.ts'
import { plainExpression } from './expression-text.ts'
import { readChecks, readForeignKeys, readIndexes } from './inventory-keys.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'

/** `session` must be in the database. Tables come in the order of their names. */
export async function readInventory(session: Session, server: Server): Promise<Inventory> {
  const skipped: SkippedObject[] = []
  const columns = await readColumns(session, server)
  const keys = await readIndexes(session, skipped)
  const foreignKeys = await readForeignKeys(session, skipped)
  const checks = await readChecks(session, server)
  const rows = await session.query(
    `SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH, AUTO_INCREMENT, TABLE_COMMENT,
       CREATE_OPTIONS
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME`,
  )
  const tables: SourceTable[] = []
  for (const [name, kind, engine, estimate, bytes, next, comment, options] of rows) {
    if (name === null || name === undefined || name === MARKER_TABLE) continue
    const versioned = kind === 'SYSTEM VERSIONED'
    if (kind !== 'BASE TABLE' && !versioned) {
      skipped.push(notATable(kind ?? '', name))
      continue
    }
    const own = columns.get(name) ?? []
    const tableChecks = checks.get(name) ?? []
    const key = keys.get(name)
    tables.push({
      name,
      columns: withJson(own, tableChecks, server),
      primaryKey: key?.primary ?? [],
      indexes: key?.indexes ?? [],
      foreignKeys: foreignKeys.get(name) ?? [],
      checks: tableChecks.filter((check) => jsonColumn(check.expression) === null),
      comment: comment || null,
      estimatedRows: Number(estimate ?? 0),
      bytes: bytes === null || bytes === undefined ? null : Number(bytes),
      nextAutoIncrement: next === null || next === undefined ? null : BigInt(next),
      storage: storage(engine ?? 'unknown', versioned, options ?? ''),
    })
  }
  skipped.push(...(await readPrograms(session)))
  return { tables, skipped }
}

/** Engine first; then what changes how the table is read. */
function storage(engine: string, versioned: boolean, options: string): string {
  const partitioned = /\bpartitioned\b/i.test(options)
  return [engine, ...(partitioned ? ['partitioned'] : []), ...(versioned ? ['system versioned'] : [])].join(', ')
}

function notATable(kind: string, name: string): SkippedObject {
  if (kind === 'SEQUENCE')
    return { kind: 'sequence', name, reason: 'sequences are not moved; create one in the target' }
  return { kind: 'view', name, reason: 'views are not moved; write them in the SQL of PostgreSQL' }
}

async function readColumns(session: Session, server: Server): Promise<Map<string, SourceColumn[]>> {
  const rows = await session.query(
    `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, CHARACTER_SET_NAME,
       COLLATION_NAME, COLUMN_COMMENT, GENERATION_EXPRESSION
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  )
  const columns = new Map<string, SourceColumn[]>()
  for (const [table, name, type, nullable, standard, extraText, charset, collation, comment, expression] of rows) {
    const extra = (extraText ?? '').toLowerCase()
    const generated = /generated|persistent/.test(extra.replace('default_generated', ''))
    const list = columns.get(table ?? '') ?? []
    columns.set(table ?? '', list)
    list.push({
      name: name ?? '',
      type: lowerType(type ?? ''),
      nullable: nullable === 'YES',
      default: generated
        ? null
        : readDefault({ text: standard ?? null, extra, columnType: type ?? '', mariadb: server.mariadb }),
      generated: generated
        ? { expression: plainExpression(expression ?? ''), stored: !extra.includes('virtual') }
        : null,
      autoIncrement: extra.includes('auto_increment'),
      onUpdateNow: extra.includes('on update'),
      charset: charset ?? null,
      collation: collation ?? null,
      comment: comment || null,
      invisible: extra.includes('invisible'),
    })
  }
  return columns
}

/** Lower case but for members of ENUM and SET. */
function lowerType(type: string): string {
  return /^(enum|set)\(/i.test(type) ? type.replace(/^\w+/, (word) => word.toLowerCase()) : type.toLowerCase()
}

/** MariaDB's JSON is LONGTEXT with a check; the plan should see what was meant. */
function withJson(columns: SourceColumn[], checks: SourceTable['checks'], server: Server): SourceColumn[] {
  if (!server.mariadb) return columns
  const json = new Set(checks.map((check) => jsonColumn(check.expression)))
  return columns.map((column) =>
    column.type === 'longtext' && json.has(column.name) ? { ...column, type: 'json' } : column,
  )
}

function jsonColumn(expression: string): string | null {
  const match = /^\(?json_valid\(`((?:[^`]|``)+)`\)\)?$/i.exec(expression.trim())
  return match ? (match[1] ?? '').replaceAll('``', '`') : null
}

async function readPrograms(session: Session): Promise<SkippedObject[]> {
  const found: SkippedObject[] = []
  const add = async (sql: string, reason: string): Promise<void> => {
    for (const [kind, name] of await session.query(sql)) {
      found.push({ kind: (kind ?? '').toLowerCase(), name: name ?? '', reason })
    }
  }
  await add(
    'SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()',
    'programs of the source are not moved',
  )
  await add(
    "SELECT 'trigger', CONCAT(TRIGGER_NAME, ' on ', EVENT_OBJECT_TABLE) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
    'triggers are not moved; write them in PostgreSQL after the copy if they are still needed',
  )
  await add(
    "SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
    'events are not moved; use a job of the target',
  )
  return found
}
