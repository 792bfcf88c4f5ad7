// A fresh database per test, filled by root with an empty sql_mode, so that values no strict server takes can be stored.
import mysql from 'mysql2/promise'
import { onTestFinished } from 'vitest'
import { freshMysql } from '../../../../../test/servers/database.ts'
import type { FreshMysql } from '../../../../../test/servers/database.ts'
import type { MysqlName } from '../../../../../test/servers/catalogue.ts'
import type { PlannedColumn, PlannedTable, SourceTable } from '../../../src/model.ts'
import { adapter } from '../../../src/source/mysql/index.ts'
import type { Source, TableAssessment } from '../../../src/source/source.ts'

export const SERVERS: readonly MysqlName[] = ['mariadb', 'mysql']

export interface Made {
  fresh: FreshMysql
  /** Root in the database. */
  root: mysql.Connection
  source: Source
}

/** Runs the statements, then opens the source as the reading account. */
export async function make(server: MysqlName, statements: readonly string[], options = {}): Promise<Made> {
  const { fresh, root } = await database(server, statements)
  return { fresh, root, source: await open(fresh.url, options) }
}

export async function database(
  server: MysqlName,
  statements: readonly string[],
): Promise<{ fresh: FreshMysql; root: mysql.Connection }> {
  const fresh = await freshMysql(server)
  const root = await mysql.createConnection({ uri: fresh.adminUrl.replace(/^mariadb:/, 'mysql:') })
  onTestFinished(() => root.destroy())
  await root.query("SET NAMES utf8mb4, sql_mode = '', time_zone = '+00:00'")
  for (const statement of statements) await root.query(statement)
  return { fresh, root }
}

export async function open(
  url: string,
  options: { timezone?: string; connections?: number; signal?: AbortSignal } = {},
): Promise<Source> {
  const source = await adapter.open(url, {
    timezone: 'UTC',
    connections: 3,
    signal: new AbortController().signal,
    ...options,
  })
  onTestFinished(() => source.close())
  return source
}

export async function tableOf(source: Source, name: string): Promise<SourceTable> {
  const { tables } = await source.inventory()
  const table = tables.find((one) => one.name === name)
  if (!table) throw new Error(`no table ${name}`)
  return table
}

/** A plan of everything the assessment proposes. */
export function planOf(
  table: SourceTable,
  assessment: TableAssessment,
  changes: Partial<PlannedTable> & { types?: Record<string, Partial<PlannedColumn>> } = {},
): PlannedTable {
  const { types = {}, ...rest } = changes
  return {
    source: table.name,
    name: table.name,
    kind: 'relational',
    reasons: [],
    time: null,
    chunkInterval: null,
    columnstore: null,
    split: 'all',
    axis: null,
    mode: 'merge',
    existingRows: 'refuse',
    sync: 'final-copy',
    columns: table.columns.map((column) => {
      const assessed = assessment.columns.find((one) => one.column === column.name)
      return {
        source: column.name,
        name: column.name,
        sourceType: column.type,
        type: assessed?.type ?? 'text',
        nullable: true,
        default: null,
        identity: false,
        generated: null,
        comment: null,
        rules: assessed?.rules ?? {},
        ...types[column.name],
      }
    }),
    keys: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    comment: null,
    estimatedRows: 0,
    estimatedBytes: null,
    ...rest,
  }
}
