/** SQLite for the conformance suite: a file in a temporary folder, in WAL mode as a busy application has it. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { LogicalKind, LogicalRow, LogicalTable, SourceFixture } from './fixture.ts'

const DECLARED: Record<LogicalKind, string> = {
  integer: 'INTEGER',
  double: 'REAL',
  text: 'TEXT',
  bytes: 'BLOB',
  instant: 'INTEGER',
}

export const sqliteFixture: SourceFixture = {
  engine: 'sqlite',
  // oxlint-disable-next-line require-await -- other engines wait for a server here
  async create(tables) {
    const folder = mkdtempSync(join(tmpdir(), 'hyperferry-'))
    const path = join(folder, 'app.db')
    const writer = new DatabaseSync(path, { timeout: 100 })
    writer.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
    for (const table of tables) {
      writer.exec(createSql(table))
      insert(writer, table, table.rows)
    }
    return {
      url: `sqlite:${path}`,
      // oxlint-disable-next-line require-await -- as above
      async insert(table, rows) {
        insert(writer, table, rows)
      },
      // oxlint-disable-next-line require-await -- as above
      async fingerprint() {
        // The -shm file holds the locks of readers; the data are in the other two.
        const hash = createHash('sha256')
        for (const file of [path, `${path}-wal`]) hash.update(readFileSync(file))
        return hash.digest('hex')
      },
      // oxlint-disable-next-line require-await -- as above
      async drop() {
        writer.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
  planned(kind) {
    switch (kind) {
      case 'integer':
        return { type: 'bigint', rules: {} }
      case 'double':
        return { type: 'double precision', rules: {} }
      case 'text':
        return { type: 'text', rules: {} }
      case 'bytes':
        return { type: 'bytea', rules: {} }
      case 'instant':
        return { type: 'timestamptz', rules: { unit: 'us' } }
    }
  },
  position: (_kind, value) => value,
  instants: { min: -210_866_803_200_000_000n, max: 2n ** 63n - 1n },
  rejected: { value: 'nul\0inside', code: 'HF-D006' },
}

function createSql(table: LogicalTable): string {
  const columns = table.columns.map(
    ({ name, kind }) => `"${name}" ${DECLARED[kind]}${name === table.key ? ' PRIMARY KEY' : ''}`,
  )
  const index =
    table.index === null ? '' : `CREATE INDEX "${table.name}_${table.index}" ON "${table.name}" ("${table.index}");`
  return `CREATE TABLE "${table.name}" (${columns.join(', ')}); ${index}`
}

function insert(writer: DatabaseSync, table: LogicalTable, rows: readonly LogicalRow[]): void {
  const statement = writer.prepare(`INSERT INTO "${table.name}" VALUES (${table.columns.map(() => '?').join(', ')})`)
  writer.exec('BEGIN IMMEDIATE')
  try {
    for (const row of rows) statement.run(...row)
    writer.exec('COMMIT')
  } catch (error) {
    writer.exec('ROLLBACK')
    throw error
  }
}
