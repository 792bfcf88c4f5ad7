/** Tables and what belongs to them, from SQLite's pragmas and, for what these do not tell, the text of CREATE TABLE. */
import type { DatabaseSync } from 'node:sqlite'
import type {
  Inventory,
  ReferentialAction,
  SkippedObject,
  SourceColumn,
  SourceForeignKey,
  SourceIndex,
  SourceIndexPart,
  SourceTable,
} from '../../model.ts'
import { MARKER_TABLE } from '../source.ts'
import { parseCreateIndex, parseCreateTable } from './create.ts'
import type { ParsedTable } from './create.ts'
import { columnDefault } from './default.ts'
import { estimateRows } from './estimate.ts'
import { fold, ident, sameName } from './names.ts'
import { rowOf, rowsOf } from './open.ts'

/** Bytes of a file whose pages are added up table by table. */
const WALK_UP_TO = 268_435_456n

/** Reads the whole definition in the caller's transaction. */
export function readInventory(database: DatabaseSync): Inventory {
  const tables: SourceTable[] = []
  const skipped: SkippedObject[] = []
  const sequences = readSequences(database)
  const bytes = readBytes(database)
  for (const listed of listTables(database)) {
    if (listed.name === MARKER_TABLE) continue
    const reason = skipReason(listed)
    if (reason) skipped.push({ kind: listed.type, name: listed.name, reason })
    else
      tables.push(
        readTable(database, listed, {
          sequence: sequences.get(fold(listed.name)) ?? null,
          estimate: true,
          bytes: bytes.get(fold(listed.name)) ?? null,
        }),
      )
  }
  const triggers = rowsOf(
    database,
    "SELECT name, tbl_name FROM main.sqlite_schema WHERE type = 'trigger' ORDER BY name",
  )
  for (const [name, table] of triggers) {
    const reason = `fires on ${String(table)}; rewrite it in PostgreSQL if it is still needed`
    skipped.push({ kind: 'trigger', name: String(name), reason })
  }
  return { tables, skipped }
}

/** One table, or null when there is none of that name; for comparing a plan with the live definition. */
export function readOneTable(database: DatabaseSync, name: string): SourceTable | null {
  const listed = listTables(database).find((table) => sameName(table.name, name) && skipReason(table) === null)
  // Without the estimate: it is of no use to a reader, and looks at the data.
  return listed ? readTable(database, listed, { sequence: null, estimate: false, bytes: null }) : null
}

interface Listed {
  name: string
  type: string
  withoutRowid: boolean
  strict: boolean
  sql: string
}

function listTables(database: DatabaseSync): Listed[] {
  const sql = `SELECT l.name, l.type, l.wr, l.strict, s.sql FROM pragma_table_list AS l
    LEFT JOIN main.sqlite_schema AS s ON s.name = l.name AND s.type IN ('table', 'view')
    WHERE l.schema = 'main' AND substr(l.name, 1, 7) <> 'sqlite_' ORDER BY l.name`
  return rowsOf(database, sql).map(([name, type, wr, strict, text]) => ({
    name: String(name),
    type: String(type),
    withoutRowid: wr === 1n,
    strict: strict === 1n,
    sql: typeof text === 'string' ? text : '',
  }))
}

function skipReason(table: Listed): string | null {
  switch (table.type) {
    case 'table':
      return null
    case 'view':
      return 'views are not moved; rewrite it in PostgreSQL'
    case 'shadow':
      return 'belongs to a virtual table'
    case 'virtual': {
      const module = /\bUSING\s+"?([A-Za-z0-9_]+)/i.exec(table.sql)?.[1] ?? 'unknown'
      return `virtual table of module ${module}; its content lives outside of ordinary tables`
    }
    default:
      return `tables of type ${table.type} are not moved`
  }
}

interface TableWishes {
  sequence: bigint | null
  bytes: number | null
  estimate: boolean
}

function readTable(database: DatabaseSync, listed: Listed, { sequence, estimate, bytes }: TableWishes): SourceTable {
  const { name } = listed
  const parsed = parseCreateTable(listed.sql)
  const info = rowsOf(
    database,
    'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid',
    name,
  )
  const primaryKey = info
    .filter((row) => Number(row[4]) > 0)
    .toSorted((a, b) => Number(a[4]) - Number(b[4]))
    .map((row) => String(row[0]))
  const alias = aliasOf(database, listed, primaryKey)
  const columns = info
    // Hidden columns of virtual tables have hidden = 1; 2 and 3 are generated ones.
    .filter((row) => Number(row[5]) !== 1)
    .map((row) => readColumn(row, { parsed, listed, alias }))
  return {
    name,
    columns,
    primaryKey,
    indexes: readIndexes(database, name, columns),
    foreignKeys: readForeignKeys(database, name),
    checks: parsed.checks.map((check, i) => ({
      name: check.name ?? `${name}_check${i + 1}`,
      expression: check.expression,
    })),
    comment: null,
    estimatedRows: estimate ? estimateRows(database, listed, columns) : 0,
    bytes,
    nextAutoIncrement: parsed.autoincrement ? (sequence ?? 0n) + 1n : null,
    storage: `${listed.withoutRowid ? 'without rowid' : 'rowid'}${listed.strict ? ', strict' : ''}`,
  }
}

interface TableFacts {
  parsed: ParsedTable
  listed: Listed
  /** The INTEGER PRIMARY KEY column. */
  alias: string | null
}

function readColumn(row: readonly unknown[], { parsed, listed, alias }: TableFacts): SourceColumn {
  const [name, type, notNull, dflt, pk, hidden] = row
  const column = String(name)
  const declared = String(type)
  const extra = parsed.columns.get(fold(column))
  const isKey = Number(pk) > 0
  const generated = hidden === 2n || hidden === 3n
  return {
    name: column,
    type: declared.toLowerCase(),
    // A key column may be NULL in SQLite, except the rowid itself and WITHOUT ROWID (or STRICT) keys.
    nullable: notNull !== 1n && column !== alias && !(isKey && (listed.withoutRowid || listed.strict)),
    default: generated || typeof dflt !== 'string' ? null : columnDefault(dflt),
    generated: generated ? { expression: extra?.generated ?? '', stored: hidden === 3n } : null,
    autoIncrement: column === alias,
    onUpdateNow: false,
    charset: null,
    collation: extra?.collation ?? null,
    comment: null,
    invisible: false,
  }
}

/** A key that is the rowid itself needs no index of its own: so `INT PRIMARY KEY` and `INTEGER PRIMARY KEY DESC` are told from it. */
function aliasOf(database: DatabaseSync, listed: Listed, primaryKey: readonly string[]): string | null {
  const [only] = primaryKey
  if (listed.withoutRowid || only === undefined || primaryKey.length > 1) return null
  const index = rowOf(database, "SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'", listed.name)
  return index ? null : only
}

function readIndexes(database: DatabaseSync, table: string, columns: readonly SourceColumn[]): SourceIndex[] {
  const list = rowsOf(database, 'SELECT name, "unique", origin, partial FROM pragma_index_list(?) ORDER BY name', table)
  return list
    .filter(([, , origin]) => origin !== 'pk')
    .map(([name, unique, , partial]) => {
      const text = rowOf(database, "SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND name = ?", String(name))
      const parsed = parseCreateIndex(typeof text?.[0] === 'string' ? text[0] : '')
      const parts = rowsOf(
        database,
        'SELECT cid, name, "desc", coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno',
        String(name),
      )
      return {
        name: String(name),
        unique: unique === 1n,
        kind: 'btree',
        parts: parts.map(([cid, column, desc, coll], i) =>
          indexPart({ cid, column, desc, coll }, parsed.parts[i] ?? null, columns),
        ),
        where: partial === 1n ? parsed.where : null,
      }
    })
}

interface PartFacts {
  cid: unknown
  column: unknown
  desc: unknown
  coll: unknown
}

/** A part that sorts otherwise than its column is an expression to the target: the plan must not take it for the column. */
function indexPart(
  { cid, column, desc, coll }: PartFacts,
  text: string | null,
  columns: readonly SourceColumn[],
): SourceIndexPart {
  const descending = desc === 1n
  // cid -1 is the rowid, -2 an expression.
  if (typeof column !== 'string') {
    return { column: null, expression: text ?? (cid === -1n ? 'rowid' : ''), descending, prefix: null }
  }
  const own = columns.find((found) => found.name === column)?.collation ?? 'BINARY'
  const isOwn = typeof coll !== 'string' || coll.toUpperCase() === own
  if (isOwn) return { column, expression: null, descending, prefix: null }
  return { column: null, expression: `${ident(column)} COLLATE ${coll}`, descending, prefix: null }
}

function readForeignKeys(database: DatabaseSync, table: string): SourceForeignKey[] {
  const sql = 'SELECT id, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq'
  const keys = new Map<bigint, SourceForeignKey>()
  const unnamed = new Set<SourceForeignKey>()
  for (const [id, parent, from, to, onUpdate, onDelete] of rowsOf(database, sql, table)) {
    let key = keys.get(id as bigint)
    if (!key) {
      key = {
        name: `${table}_fk${keys.size + 1}`,
        columns: [],
        references: { table: String(parent), columns: [] },
        onDelete: String(onDelete).toLowerCase() as ReferentialAction,
        onUpdate: String(onUpdate).toLowerCase() as ReferentialAction,
      }
      keys.set(id as bigint, key)
    }
    key.columns.push(String(from))
    if (typeof to === 'string') key.references.columns.push(to)
    else unnamed.add(key)
  }
  for (const key of keys.values()) resolveParent(database, key.references, unnamed.has(key))
  return [...keys.values()].toReversed().map((key, i) => ({ ...key, name: `${table}_fk${i + 1}` }))
}

/** The parent's own spelling of names, which SQLite compares without regard to case; the parent need not exist. */
function resolveParent(database: DatabaseSync, references: SourceForeignKey['references'], unnamed: boolean): void {
  const sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND lower(name) = lower(?)"
  const parent = rowOf(database, sql, references.table)?.[0]
  if (typeof parent !== 'string') return
  references.table = parent
  const columns = rowsOf(database, 'SELECT name, pk FROM pragma_table_xinfo(?) ORDER BY pk', parent)
  const names = columns.map(([name]) => String(name))
  // `REFERENCES parent` without columns means the parent's primary key.
  references.columns = unnamed
    ? columns.filter(([, pk]) => Number(pk) > 0).map(([name]) => String(name))
    : references.columns.map((written) => names.find((name) => sameName(name, written)) ?? written)
}

function readSequences(database: DatabaseSync): Map<string, bigint> {
  const made = rowOf(database, "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'")
  if (!made) return new Map()
  const rows = rowsOf(
    database,
    "SELECT name, max(seq) FROM main.sqlite_sequence WHERE typeof(seq) = 'integer' GROUP BY name",
  )
  return new Map(rows.map(([name, seq]) => [fold(String(name)), seq as bigint]))
}

/** Bytes of each table with its indexes, where this build of SQLite can tell and the file is small enough to walk through. */
function readBytes(database: DatabaseSync): Map<string, number> {
  const known = rowOf(database, "SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_DBSTAT_VTAB'")
  const size = rowOf(database, 'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')?.[0]
  if (!known || typeof size !== 'bigint' || size > WALK_UP_TO) return new Map()
  const sql = `SELECT s.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN main.sqlite_schema AS s ON s.name = d.name WHERE d.aggregate = 1 GROUP BY 1`
  return new Map(rowsOf(database, sql).map(([table, bytes]) => [fold(String(table)), Number(bytes)]))
}
