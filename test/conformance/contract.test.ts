/** Whatever the engine copies, the library can write: else a table could be moved and not be kept up to date. */
import { expect, test } from 'vitest'
import { compileCollection } from '../../packages/dual-write/src/contract/compile.ts'
import { DeclarationError } from '../../packages/dual-write/src/errors.ts'
import type { ColumnRules } from '../../packages/dual-write/src/model.ts'
import { HyperferryError } from '../../packages/hyperferry/src/errors.ts'
import type { PlannedColumn, PlannedTable, SourceTable } from '../../packages/hyperferry/src/model.ts'
import { compileTranscoder } from '../../packages/hyperferry/src/source/mysql/transcode.ts'
import { compileColumn } from '../../packages/hyperferry/src/source/sqlite/transcode.ts'

const MYSQL = [
  'tinyint',
  'tinyint(1)',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'bigint unsigned',
  'year',
  'decimal(10,2)',
  'float',
  'double',
  'bit(1)',
  'bit(8)',
  'date',
  'datetime(6)',
  'timestamp',
  'time(3)',
  'char(8)',
  'varchar(8)',
  'tinytext',
  'text',
  'mediumtext',
  'longtext',
  "enum('a')",
  "set('a')",
  'json',
  'binary(16)',
  'varbinary(16)',
  'tinyblob',
  'blob',
  'mediumblob',
  'longblob',
  'vector(2)',
  'uuid',
  'inet4',
  'inet6',
  'point',
  'geometry',
]
const SQLITE = ['', 'integer', 'text', 'varchar(8)', 'blob', 'real', 'numeric', 'decimal(10,2)', 'boolean', 'datetime']
const TARGETS = [
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'numeric(10,2)',
  'real',
  'double precision',
  'boolean',
  'text',
  'varchar(8)',
  'char(8)',
  'bytea',
  'date',
  'time',
  'timestamp',
  'timestamptz(3)',
  'interval',
  'uuid',
  'json',
  'jsonb',
  'bit(8)',
  'varbit(8)',
  'inet',
  'text[]',
]

/**
 * Pairs that the engine can read and nobody means. It takes whatever text there is for JSON, a UUID or an address, and a member of an ENUM or an address is
 * none; and everything in a column of text is text, which is no boolean to it.
 */
function leftOut(engine: 'mysql' | 'sqlite', source: string, type: string): boolean {
  if (engine === 'sqlite') return type === 'boolean' && (source === 'text' || source === 'varchar(8)')
  const own: Record<string, RegExp> = { json: /^jsonb?$/, uuid: /^uuid$/, inet4: /^inet$/, inet6: /^inet$/ }
  const isSpecial = source in own || /^(?:enum|set)/.test(source)
  return isSpecial && /^(?:jsonb?|uuid|inet|bytea)$/.test(type) && own[source]?.test(type) !== true
}

const pairs = (sources: readonly string[]): [string, string][] =>
  sources.flatMap((source) => TARGETS.map((target): [string, string] => [source, target]))

test.each(pairs(MYSQL))('mysql: %s → %s', (source, type) => {
  const engine = engineHas(() => compileTranscoder(tableOf(source, type), LIVE, 'UTC'))
  const left = leftOut('mysql', source, type)
  const library = libraryHas('mysql', source, type)
  expect({ engine, library }).toEqual({ engine: engine || left, library: engine && !left })
})

test.each(pairs(SQLITE))('sqlite: %s → %s', (source, type) => {
  const table = tableOf(source, type)
  const engine = engineHas(() => {
    for (const column of table.columns) compileColumn(column, { table, timezone: 'UTC', onLoss: () => undefined })
  })
  const left = leftOut('sqlite', source, type)
  const library = libraryHas('sqlite', source, type)
  expect({ engine, library }).toEqual({ engine: engine || left, library: engine && !left })
})

function engineHas(compile: () => unknown): boolean {
  try {
    compile()
    return true
  } catch (error) {
    if (error instanceof HyperferryError && error.code === 'HF-P022') return false
    throw error
  }
}

function libraryHas(engine: 'mysql' | 'sqlite', sourceType: string, type: string): boolean {
  const column = { source: 'v', name: 'v', sourceType, collation: null, type, nullable: true }
  const columns = [{ ...column, rules: rulesOf(sourceType, type), fill: { kind: 'none' as const } }]
  const contract = { source: 't', schema: 'public', target: 't', columns, key: null, time: null }
  try {
    compileCollection(contract, { engine, timezone: 'UTC' })
    return true
  } catch (error) {
    // The column and its types are named.
    if (error instanceof DeclarationError && error.message.includes('v') && error.message.includes(type)) return false
    throw error
  }
}

/** Epochs need a unit. */
function rulesOf(source: string, type: string): ColumnRules {
  return /int/.test(source) && /^(?:date|timestamp)/.test(type) ? { unit: 's' } : {}
}

const LIVE: SourceTable = {
  name: 't',
  columns: [],
  primaryKey: [],
  uniqueKeys: [],
  indexes: [],
  foreignKeys: [],
  checks: [],
} as unknown as SourceTable

function tableOf(sourceType: string, type: string): PlannedTable {
  const column: PlannedColumn = {
    source: 'v',
    name: 'v',
    sourceType,
    type,
    nullable: true,
    default: null,
    identity: false,
    generated: null,
    comment: null,
    rules: rulesOf(sourceType, type),
  }
  return { source: 't', name: 't', kind: 'relational', time: null, columns: [column] } as unknown as PlannedTable
}
