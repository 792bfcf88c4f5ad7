/** Indexes, foreign keys and checks from information_schema. */
import type { ReferentialAction, SkippedObject, SourceForeignKey, SourceIndex, SourceTable } from '../../model.ts'
import { plainExpression } from './expression-text.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'

export interface TableKeys {
  primary: string[]
  indexes: SourceIndex[]
}

/** By table. Indexes the optimizer must not use are left out and named in `skipped`, unless they are unique. */
export async function readIndexes(session: Session, skipped: SkippedObject[]): Promise<Map<string, TableKeys>> {
  const known = await session.query(
    "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'STATISTICS'",
  )
  const has = (name: string): boolean => known.some((row) => row[0]?.toUpperCase() === name)
  const hidden = has('IS_VISIBLE') ? "IS_VISIBLE = 'NO'" : has('IGNORED') ? "IGNORED = 'YES'" : '0'
  const rows = await session.query(
    `SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, COLLATION, SUB_PART, INDEX_TYPE,
       ${has('EXPRESSION') ? 'EXPRESSION' : 'NULL'}, ${hidden}
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
     ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
  )
  const tables = new Map<string, TableKeys>()
  for (const [table, index, nonUnique, column, direction, prefix, type, expression, isHidden] of rows) {
    if (table === null || table === undefined || index === null || index === undefined) continue
    const keys = tables.get(table) ?? { primary: [], indexes: [] }
    tables.set(table, keys)
    if (index === 'PRIMARY') {
      keys.primary.push(column ?? '')
      continue
    }
    const unique = nonUnique === '0'
    if (isHidden === '1' && !unique) {
      const name = `${table}.${index}`
      if (!skipped.some((one) => one.name === name))
        skipped.push({ kind: 'index', name, reason: 'it is invisible in the source' })
      continue
    }
    let own = keys.indexes.find((one) => one.name === index)
    if (!own) keys.indexes.push((own = { name: index, unique, kind: indexKind(type ?? ''), parts: [], where: null }))
    own.parts.push({
      column: column ?? null,
      expression: expression === null || expression === undefined ? null : plainExpression(expression),
      descending: direction === 'D',
      prefix: prefix === null || prefix === undefined ? null : Number(prefix),
    })
  }
  return tables
}

function indexKind(type: string): SourceIndex['kind'] {
  switch (type.toUpperCase()) {
    case 'FULLTEXT':
      return 'fulltext'
    case 'SPATIAL':
    case 'RTREE':
      return 'spatial'
    case 'HASH':
      return 'hash'
    default:
      return 'btree'
  }
}

/** By table. Keys into other databases are left out and named in `skipped`. */
export async function readForeignKeys(
  session: Session,
  skipped: SkippedObject[],
): Promise<Map<string, SourceForeignKey[]>> {
  const rows = await session.query(
    `SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA = DATABASE(),
       k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, r.UPDATE_RULE
     FROM information_schema.KEY_COLUMN_USAGE k
     JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
       AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
     WHERE k.CONSTRAINT_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL
     ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
  )
  const tables = new Map<string, SourceForeignKey[]>()
  for (const [table = '', name, column, local, other, otherColumn, onDelete, onUpdate] of rows) {
    if (local !== '1') {
      const full = `${table}.${name}`
      if (!skipped.some((one) => one.name === full)) {
        skipped.push({ kind: 'foreign key', name: full, reason: 'it refers to another database' })
      }
      continue
    }
    const keys = tables.get(table ?? '') ?? []
    tables.set(table ?? '', keys)
    let key = keys.find((one) => one.name === name)
    if (!key) {
      key = {
        name: name ?? '',
        columns: [],
        references: { table: other ?? '', columns: [] },
        onDelete: action(onDelete),
        onUpdate: action(onUpdate),
      }
      keys.push(key)
    }
    key.columns.push(column ?? '')
    key.references.columns.push(otherColumn ?? '')
  }
  return tables
}

/** InnoDB treats NO ACTION and RESTRICT alike: at once. */
function action(rule: string | null | undefined): ReferentialAction {
  switch ((rule ?? '').toUpperCase()) {
    case 'CASCADE':
      return 'cascade'
    case 'SET NULL':
      return 'set null'
    case 'SET DEFAULT':
      return 'set default'
    case 'RESTRICT':
      return 'restrict'
    default:
      return 'no action'
  }
}

/** By table; only checks that are enforced. */
export async function readChecks(session: Session, server: Server): Promise<Map<string, SourceTable['checks']>> {
  const tables = new Map<string, SourceTable['checks']>()
  // MySQL has them since 8.0.16.
  const [[known] = []] = await session.query(
    "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'CHECK_CONSTRAINTS'",
  )
  if (known === '0') return tables
  const rows = await session.query(
    server.mariadb
      ? `SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
         WHERE CONSTRAINT_SCHEMA = DATABASE() ORDER BY TABLE_NAME, CONSTRAINT_NAME`
      : `SELECT t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c
         JOIN information_schema.TABLE_CONSTRAINTS t ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA
           AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME AND t.CONSTRAINT_TYPE = 'CHECK'
         WHERE c.CONSTRAINT_SCHEMA = DATABASE() AND t.ENFORCED = 'YES' ORDER BY t.TABLE_NAME, c.CONSTRAINT_NAME`,
  )
  for (const [table, name, clause] of rows) {
    const checks = tables.get(table ?? '') ?? []
    tables.set(table ?? '', checks)
    checks.push({ name: name ?? '', expression: plainExpression(clause ?? '') })
  }
  return tables
}
