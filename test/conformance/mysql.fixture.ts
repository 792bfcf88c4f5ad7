/** MariaDB and MySQL for the conformance suite: a fresh database, read by an account that has SELECT and SHOW VIEW only. */
import mysql from 'mysql2/promise'
import { freshMysql } from '../servers/database.ts'
import type { MysqlName } from '../servers/catalogue.ts'
import type { LogicalKind, LogicalRow, LogicalTable, LogicalValue, SourceFixture } from './fixture.ts'

const DECLARED: Record<LogicalKind, string> = {
  integer: 'BIGINT',
  double: 'DOUBLE',
  text: 'TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  bytes: 'BLOB',
  instant: 'DATETIME(6)',
}

const ROWS_PER_INSERT = 100

export function mysqlFixture(server: MysqlName): SourceFixture {
  return {
    engine: 'mysql',
    async create(tables) {
      const fresh = await freshMysql(server)
      const writer = await mysql.createConnection({ uri: fresh.adminUrl.replace(/^mariadb:/, 'mysql:') })
      // An empty mode lets year 0 in.
      await writer.query("SET NAMES utf8mb4, sql_mode = '', innodb_lock_wait_timeout = 1, lock_wait_timeout = 2")
      for (const table of tables) {
        await writer.query(createSql(table))
        await insert(writer, table, table.rows)
      }
      return {
        url: fresh.url,
        insert: (table, rows) => insert(writer, table, rows),
        async fingerprint() {
          const parts: unknown[] = []
          for (const { name } of tables) {
            parts.push((await writer.query(`SHOW CREATE TABLE \`${name}\``))[0])
            parts.push((await writer.query(`CHECKSUM TABLE \`${name}\` EXTENDED`))[0])
          }
          parts.push((await writer.query('SHOW TABLES'))[0])
          return JSON.stringify(parts)
        },
        async drop() {
          writer.destroy()
          await fresh.drop()
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
          return { type: 'timestamptz', rules: {} }
      }
    },
    position: (_kind, value) => value,
    // 0000-01-01 to the end of 9999.
    instants: { min: -62_167_219_200_000_000n, max: 253_402_300_799_999_999n },
    rejected: { value: 'nul\0inside', code: 'HF-D006' },
  }
}

function createSql(table: LogicalTable): string {
  const columns = table.columns.map(({ name, kind }) => `\`${name}\` ${DECLARED[kind]}`)
  const key = table.key === null ? [] : [`PRIMARY KEY (\`${table.key}\`)`]
  const index = table.index === null ? [] : [`KEY (\`${table.index}\`)`]
  return `CREATE TABLE \`${table.name}\` (${[...columns, ...key, ...index].join(', ')})`
}

async function insert(writer: mysql.Connection, table: LogicalTable, rows: readonly LogicalRow[]): Promise<void> {
  await writer.query('START TRANSACTION')
  try {
    for (let i = 0; i < rows.length; i += ROWS_PER_INSERT) {
      const values = rows
        .slice(i, i + ROWS_PER_INSERT)
        .map((row) => `(${row.map((value, n) => literal(value, table.columns[n]?.kind)).join(', ')})`)
      await writer.query(`INSERT INTO \`${table.name}\` VALUES ${values.join(', ')}`)
    }
    await writer.query('COMMIT')
  } catch (error) {
    await writer.query('ROLLBACK')
    throw error
  }
}

function literal(value: LogicalValue, kind: LogicalKind | undefined): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return value === '' ? "''" : `_utf8mb4 0x${Buffer.from(value, 'utf8').toString('hex')}`
  if (value instanceof Uint8Array) return value.length === 0 ? "''" : `0x${Buffer.from(value).toString('hex')}`
  if (kind === 'instant') return `'${instant(BigInt(value))}'`
  return kind === 'double' ? Number(value).toExponential() : String(value)
}

/** Millisecond dates are exact here; the rest of the microseconds is put behind. */
function instant(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n
  const iso = new Date(Number((micros - rest) / 1000n)).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${String(rest).padStart(3, '0')}`
}
