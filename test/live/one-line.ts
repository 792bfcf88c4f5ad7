// One whole live line on fresh servers, and what has to be true of it afterwards.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { freshMysql } from '../servers/database.ts'
import { startServer } from '../servers/index.ts'
import { runLine } from './line.ts'
import type { LineOptions, LineResult } from './line.ts'

type Given = Partial<LineOptions> & { database: 'sqlite' | 'mariadb' | 'mysql' }

export async function line({ database, ...given }: Given): Promise<LineResult> {
  await using server = await startServer('pg17', { durable: true })
  const common = { target: server.url, crash: server, rows: 3000, rate: 80, writers: 1, ...given }
  if (database === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'hyperferry-live-source-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    return await runLine({ engine: 'sqlite', source: join(folder, 'source.db'), reader: '', ...common })
  }
  const fresh = await freshMysql(database)
  return await runLine({ engine: 'mysql', source: fresh.adminUrl, reader: fresh.url, ...common })
}

export function isRight(result: LineResult, least: { writes: number; faults: number }): void {
  expect(result.faults, `${result.steps.join('\n')}\n${result.problems}`).toEqual([])
  expect(result.writes).toBeGreaterThan(least.writes)
  expect(result.faultsInjected).toBeGreaterThanOrEqual(least.faults)
  // A hold of five seconds, and the commit that was begun within it.
  for (const pause of result.pauses) expect(pause).toBeLessThan(6000)
}

/** One for each step that changes something, at its worst moment. */
export const KILLS = {
  schema: 'schema.after-table',
  relational: 'relational.before-commit',
  'completion-point': 'completion-point.before-commit',
  backfill: 'backfill.before-commit:2',
  verify: 'verify.mid-table',
  cutover: 'cutover.in-hold',
  rollback: 'rollback.in-hold',
}
