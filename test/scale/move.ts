// A whole move, watched where rows flow: plan and schema first, then backfill and verify.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { freshPg } from '../servers/database.ts'
import { watched } from './watched.ts'
import type { Watched } from './watched.ts'

export interface Move {
  source: string
  table: string
  rows: number
  /** Instead of what the plan proposes. */
  backfill?: { workers: number; taskRows: number }
  everyMs?: number
  /** Default true. */
  verify?: boolean
}

/** Moves the source into a fresh hypertable; all of its rows have arrived (and are equal) when this returns. */
export async function move({ source, table, rows, backfill, everyMs = 200, verify = true }: Move): Promise<{
  backfill: Watched
  verify?: Watched
}> {
  const cwd = scratch()
  const target = await freshPg('ts-2.19')
  const env = { HYPERFERRY_SOURCE: source, HYPERFERRY_TARGET: target.url }
  const type = (...args: string[]) => watched(args, { cwd, env, everyMs })
  await type('plan', '--source', '${HYPERFERRY_SOURCE}', '--target', '${HYPERFERRY_TARGET}', '--name', 'scale')
  if (backfill !== undefined) setBackfill(join(cwd, 'hyperferry.yaml'), backfill)
  await type('schema', '--yes')
  const copied = await type('backfill', '--yes')
  const verified = verify ? { verify: await type('verify') } : {}
  expect(await countRows(target.url, table)).toBe(rows)
  return { backfill: copied, ...verified }
}

/** A folder that is gone when the test has ended. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-scale-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function setBackfill(file: string, { workers, taskRows }: { workers: number; taskRows: number }): void {
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(/workers: \d+, taskRows: \d+/, `workers: ${workers}, taskRows: ${taskRows}`)
  expect(changed).not.toBe(text)
  writeFileSync(file, changed)
}

async function countRows(url: string, table: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ rows: number }>(`select count(*)::int as rows from public.${table}`)
    return rows[0]?.rows ?? 0
  } finally {
    await client.end()
  }
}
