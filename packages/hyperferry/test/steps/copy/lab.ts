// Command `copy` without its command line, and PostgreSQL's own COPY of the same bytes to compare with.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { copyCsv } from '../../../src/copy-csv.ts'
import type { CopyRequest, CopyResult } from '../../../src/copy-csv.ts'
import type { Session } from '../../../src/target/connect.ts'
import { noEvents } from '../../../src/work/events.ts'
import type { Events } from '../../../src/work/events.ts'

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hyperferry-copy-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function fileOf(
  content: Uint8Array | string,
  name = `${randomBytes(4).toString('hex')}.csv`,
  where = folder(),
): string {
  const path = join(where, name)
  writeFileSync(path, content)
  return path
}

export interface CopyHere extends Partial<CopyRequest> {
  connection: string
  table: string
  events?: Events
  signal?: AbortSignal
  /** Sent through a pipe. */
  piped?: Uint8Array
}

/** Runs it with the defaults of the command line, and no waiting between attempts. */
export async function copyHere({ connection, events, signal, piped, ...request }: CopyHere): Promise<CopyResult> {
  const result = await copyCsv({
    connection,
    events: events ?? noEvents,
    ...(signal ? { signal } : {}),
    request: {
      schema: 'public',
      file: null,
      input: piped === undefined ? process.stdin : Readable.from(piecewise(piped)),
      columns: null,
      mapping: null,
      byHeader: false,
      delimiter: ',',
      quote: null,
      escape: null,
      copyOptions: 'CSV',
      encoding: null,
      skipLines: 0,
      header: false,
      limit: null,
      workers: 2,
      batchBytes: null,
      batchRows: null,
      importId: null,
      truncate: false,
      deferIndexes: false,
      skipConflicts: false,
      skipErrors: false,
      rejectFile: null,
      directCompress: true,
      sort: false,
      logBatches: false,
      retry: { attempts: 40, firstMs: 5, longestMs: 100 },
      ...request,
    },
  })
  if ('preview' in result) throw new Error('a preview was not asked for')
  return result
}

function* piecewise(bytes: Uint8Array): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += 70_000) yield Buffer.from(bytes.subarray(at, at + 70_000))
}

/** All rows as text, sorted: what a table holds, whatever the order they came in. */
export async function rowsOf(session: Session, table: string): Promise<string[]> {
  const { rows } = await session.query<{ row: string }>(`select t::text as row from public.${table} t order by 1`)
  return rows.map(({ row }) => row)
}

/** One number for many rows. */
export function digest(rows: readonly string[]): string {
  return createHash('sha256').update(rows.join('\n')).digest('hex')
}
