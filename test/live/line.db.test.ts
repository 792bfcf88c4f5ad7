// The whole live line under fire, proven from the writers' own logs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freshMysql } from '../servers/database.ts'
import { startServer } from '../servers/index.ts'
import { runLine } from './line.ts'
import type { LineOptions, LineResult } from './line.ts'

type Given = Partial<LineOptions> & { database: 'sqlite' | 'mariadb' | 'mysql' }

async function line({ database, ...given }: Given): Promise<LineResult> {
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

function isRight(result: LineResult, least: { writes: number; faults: number }): void {
  expect(result.faults, `${result.steps.join('\n')}\n${result.problems}`).toEqual([])
  expect(result.writes).toBeGreaterThan(least.writes)
  expect(result.faultsInjected).toBeGreaterThanOrEqual(least.faults)
  for (const pause of result.pauses) expect(pause).toBeLessThan(5000)
}

/** One for each step that changes something, at its worst moment. */
const KILLS = {
  schema: 'schema.after-table',
  relational: 'relational.before-commit',
  'completion-point': 'completion-point.before-commit',
  backfill: 'backfill.before-commit:2',
  verify: 'verify.mid-table',
  cutover: 'cutover.in-hold',
  rollback: 'rollback.in-hold',
}

test(
  'SQLite, one writer: the target dies in the backfill, the writer dies after it',
  { timeout: 240_000 },
  async () => {
    const result = await line({ database: 'sqlite', crashDuring: 'backfill', killWriterAfter: 'backfill' })
    isRight(result, { writes: 1000, faults: 2 })
  },
)

test('MariaDB, four writers: the tool is killed in every step', { timeout: 300_000 }, async () => {
  const result = await line({ database: 'mariadb', writers: 4, rate: 40, failpoints: KILLS })
  isRight(result, { writes: 2000, faults: 7 })
})

test(
  'MySQL, four writers: the target dies while T is looked for, a writer after the cutover',
  { timeout: 300_000 },
  async () => {
    const result = await line({
      database: 'mysql',
      writers: 4,
      rate: 40,
      crashDuring: 'completion-point',
      killWriterAfter: 'cutover',
      failpoints: { cutover: 'cutover.after-commit' },
    })
    isRight(result, { writes: 2000, faults: 3 })
  },
)
