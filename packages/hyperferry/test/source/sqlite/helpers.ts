/** A SQLite file made by SQL, opened as a source, and plans of its tables. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import type { ColumnRules, EncodedBatch, PlannedTable, Slice, SourceTable } from '../../../src/model.ts'
import { adapter } from '../../../src/source/sqlite/index.ts'
import type { Source, TableReader } from '../../../src/source/source.ts'

export interface Made {
  path: string
  folder: string
  /** A writer; closed at the end of the test. */
  db: DatabaseSync
}

/** A folder of its own, gone after the test. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function makeDatabase(sql: string): Made {
  const folder = tempFolder()
  const path = join(folder, 'app.db')
  const db = new DatabaseSync(path, {
    enableForeignKeyConstraints: false,
    enableDoubleQuotedStringLiterals: true,
    timeout: 100,
  })
  db.exec('PRAGMA synchronous = OFF')
  db.exec(sql)
  onTestFinished(() => {
    if (db.isOpen) db.close()
  })
  return { path, folder, db }
}

export async function openFile(
  path: string,
  options: { timezone?: string; signal?: AbortSignal } = {},
): Promise<Source> {
  const { timezone = 'UTC', signal = new AbortController().signal } = options
  const source = await adapter.open(`sqlite:${path}`, { timezone, connections: 2, signal })
  onTestFinished(() => source.close())
  return source
}

export async function tableOf(source: Source, name: string): Promise<SourceTable> {
  const table = (await source.inventory()).tables.find((found) => found.name === name)
  if (!table) throw new Error(`no table ${name}`)
  return table
}

export type Columns = Record<string, string | { type: string; rules?: ColumnRules; nullable?: boolean }>

/** A plan of some columns; everything not given is plain. */
export async function planOf(
  source: Source,
  name: string,
  columns: Columns,
  rest: Partial<PlannedTable> = {},
): Promise<PlannedTable> {
  const live = await tableOf(source, name)
  return {
    source: name,
    name,
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
    columns: Object.entries(columns).map(([column, given]) => {
      const { type, rules = {}, nullable = true } = typeof given === 'string' ? { type: given } : given
      const sourceType = live.columns.find((found) => found.name === column)?.type ?? ''
      return {
        source: column,
        name: column,
        sourceType,
        type,
        nullable,
        default: null,
        identity: false,
        generated: null,
        comment: null,
        rules,
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

export async function readAll(reader: TableReader, slice: Slice = { kind: 'all' }): Promise<EncodedBatch[]> {
  const batches: EncodedBatch[] = []
  for await (const batch of reader.read(slice)) batches.push(batch)
  return batches
}
