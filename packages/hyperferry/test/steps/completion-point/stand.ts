// A migration in the stage of writing twice, as a database keeps it: four series of a year in SQLite, writers that are played.
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import { FakeWriter } from '../../../../../test/live/fake-writer.ts'
import type { Reported } from '../../../../../test/live/fake-writer.ts'
import { freshPg } from '../../../../../test/servers/database.ts'
import { completionPoints } from '../../../src/control/completion.ts'
import { moveStage, putContract } from '../../../src/control/dual-write.ts'
import type { CompletionPoint, PlannedTable } from '../../../src/model.ts'
import { completionPoint } from '../../../src/steps/completion-point.ts'
import type { CompletionOptions, CompletionResult } from '../../../src/steps/completion-point.ts'
import type { StepContext } from '../../../src/steps/context.ts'
import { schema } from '../../../src/steps/schema.ts'
import { withSession } from '../../../src/target/with-session.ts'
import { parseIsoInstant } from '../../../src/values/time.ts'
import { openLab } from '../verify/lab.ts'
import { plannedTable } from '../verify/tables.ts'

export const DAY = 86_400_000

/** `reading` has a key and becomes timestamptz, `raw` stays an integer, `event` has no key, `line` no index on its time. All times are milliseconds. */
export const series = (name: string, given: Partial<PlannedTable> & { type: string }): PlannedTable => {
  const { type, ...rest } = given
  const raw = type === 'bigint'
  return plannedTable({
    source: name,
    name,
    kind: 'timeseries',
    split: 'time',
    axis: 'ts',
    time: { column: 'ts', unit: raw ? 'ms' : null },
    chunkInterval: raw ? '604800000' : '7 days',
    columns: [
      { name: 'n', type: 'bigint', sourceType: '' },
      { name: 'ts', type, sourceType: '', rules: raw ? {} : { unit: 'ms' } },
    ],
    keys: [{ name: `${name}_pkey`, columns: ['n', 'ts'], primary: true }],
    ...rest,
  })
}

export const TABLES = [
  series('reading', { type: 'timestamptz' }),
  series('raw', { type: 'bigint' }),
  series('event', { type: 'timestamptz', mode: 'replace', keys: [] }),
  series('line', { type: 'timestamptz', split: 'all', axis: null }),
]

interface Stand {
  ctx: StepContext
  url: string
  source: DatabaseSync
  /** Puts rows of `reading` where they are wanted; answers nothing, like an application. */
  put: (stores: ('source' | 'target')[], ms: number, table?: string) => Promise<void>
  writer: (name: string, reported?: Reported) => Promise<FakeWriter>
  /** Moves the clock back for all that is remembered: as if everything had happened so much earlier. */
  age: (interval: string) => Promise<void>
  run: (options?: CompletionOptions) => Promise<CompletionResult>
  kept: () => Promise<Map<string, CompletionPoint>>
}

export async function stand(
  tables: readonly PlannedTable[] = TABLES,
  more: Partial<StepContext['plan']['dualWrite']> = {},
): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-t-'))
  const file = join(folder, 'plant.db')
  const source = new DatabaseSync(file)
  source.exec('pragma journal_mode = wal; pragma synchronous = off; begin')
  const names = ['reading', 'raw', 'event', 'line']
  for (const name of names) {
    source.exec(`create table ${name} (n integer not null, ts integer not null)`)
    if (name !== 'line') source.exec(`create index ${name}_ts on ${name} (ts)`)
    // A year of history, and a row stamped by a broken clock.
    const insert = source.prepare(`insert into ${name} values (?, ?)`)
    for (let n = 1; n <= 200; n += 1) insert.run(n, Date.now() - DAY - Math.floor((n * 365 * DAY) / 200))
    insert.run(0, Date.UTC(2106, 0, 1))
  }
  source.exec('commit')
  const { url } = await freshPg('pg17')
  const lab = await openLab(`sqlite:${file}`, url, tables)
  await schema(lab.ctx)
  const plan = { ...lab.ctx.plan, dualWrite: { writers: 1, maxLateness: '2 seconds', ...more } }
  const ctx = { ...lab.ctx, plan }
  await begin(ctx)
  const writers: FakeWriter[] = []
  onTestFinished(async () => {
    for (const each of writers) await each.close('silent')
    await lab[Symbol.asyncDispose]()
    source.close()
    rmSync(folder, { recursive: true, force: true })
  })
  let n = 1000
  return {
    ctx,
    url,
    source,
    async put(stores, ms, table = 'reading') {
      n += 1
      if (stores.includes('source')) source.prepare(`insert into ${table} values (?, ?)`).run(n, ms)
      const value = table === 'raw' ? '$2::int8' : 'to_timestamp($2::numeric / 1000)'
      if (stores.includes('target')) await ctx.target.query(`insert into lab.${table} values ($1, ${value})`, [n, ms])
    },
    async writer(name, reported) {
      const writer = await FakeWriter.join(url, name, reported)
      writers.push(writer)
      return writer
    },
    async age(interval) {
      await ctx.target.query(`update hyperferry.dual_write set stage_since = stage_since - $1::interval`, [interval])
      await ctx.target.query(
        `update hyperferry.writer set dual_since = dual_since - $1::interval, registered_at = registered_at - $1::interval`,
        [interval],
      )
    },
    run: (options) => completionPoint(ctx, options),
    kept: () => withSession(ctx.target, (session) => completionPoints(session, ctx.migrationId)),
  }
}

export async function begin({ target, migrationId }: StepContext): Promise<void> {
  await withSession(target, async (session) => {
    await putContract(session, migrationId, {}, 'hash')
    await moveStage(session, migrationId, 'off', 'dualwrite')
  })
}

export const only = (result: CompletionResult, name: string) => result.tables.find((each) => each.name === name)
export const codes = (result: CompletionResult): string[] => [
  ...new Set([...result.refusals, ...result.tables.flatMap(({ refusals }) => refusals)].map(({ code }) => code)),
]
export const micros = (iso: string | null | undefined): bigint => {
  const parsed = parseIsoInstant(iso ?? '')
  return parsed === null ? -1n : BigInt(parsed.days) * 86_400_000_000n + BigInt(parsed.microsOfDay)
}
