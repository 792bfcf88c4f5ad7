// A whole move, watched where rows flow.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { freshPg } from '../servers/database.ts'
import { watched } from './watched.ts'
import type { Watched } from './watched.ts'

export type Step = 'relational' | 'backfill' | 'verify'

export interface Move {
  source: string
  table: string
  rows: number
  /** Instead of what the plan proposes. */
  backfill?: { workers: number; taskRows: number }
  everyMs?: number
  /** What is watched, after plan and schema. */
  steps: readonly Step[]
}

/** Moves the source into a fresh database; all of its rows have arrived when this returns. */
export async function move(options: Move): Promise<Partial<Record<Step, Watched>>> {
  const { source, table, rows, backfill, everyMs = 200, steps } = options
  const cwd = scratch()
  const target = await freshPg('ts-2.19')
  const env = { HYPERFERRY_SOURCE: source, HYPERFERRY_TARGET: target.url }
  const type = (...args: string[]) => watched(args, { cwd, env, everyMs })
  await type('plan', '--source', '${HYPERFERRY_SOURCE}', '--target', '${HYPERFERRY_TARGET}', '--name', 'scale')
  if (backfill !== undefined) setBackfill(join(cwd, 'hyperferry.yaml'), backfill)
  await type('schema', '--yes')
  const runs: Partial<Record<Step, Watched>> = {}
  for (const step of steps) runs[step] = await type(step, ...(step === 'verify' ? [] : ['--yes']))
  expect(await countRows(target.url, table)).toBe(rows)
  return runs
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
