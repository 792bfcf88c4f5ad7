// Writers in the tool's way: the tool gives way. No writer may see an error, and least of all a deadlock.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import { givingWay } from '../../packages/hyperferry/src/work/give-way.ts'
import { drive } from '../faults/drive.ts'
import { withReads } from '../faults/mutants.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { lcg, liveFindings, T } from './backfill-world.ts'
import { begun } from './begun.ts'

const describe = await describeWith('pg17', 'ts-sid')

const PATIENT = { timeout: 180_000 }

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

/** Inserts what the source holds already, in small transactions and in no order, as drainers do; with and without ON CONFLICT. */
async function hammer(
  url: string,
  lines: readonly string[],
  random: () => number,
  until: () => boolean,
): Promise<string[]> {
  const client = await connected(url)
  const errors: string[] = []
  while (!until()) {
    const plain = random() < 0.3
    try {
      await client.query('begin')
      for (let n = 0; n < 1 + random() * 8; n += 1) {
        const [id, at, tag] = (lines[Math.floor(random() * lines.length)] ?? '').split('|')
        // Those without ON CONFLICT have keys of their own: a duplicate key would be their own mistake.
        const key = plain ? 10_000_000 + Math.floor(random() * 1e9) : Number(id)
        await client.query(
          `insert into plant.metric (id, at, tag) values ($1, to_timestamp($2::numeric / 1000), $3) ${plain ? '' : 'on conflict do nothing'}`,
          [key, at, tag],
        )
        if (random() < 0.3) await sleep(random() * 10)
      }
      // What was inserted under a key of its own is in no source: it is not kept.
      await client.query(plain ? 'rollback' : 'commit')
    } catch (error) {
      errors.push(`${(error as { code?: string }).code} ${(error as { detail?: string }).detail ?? ''}`)
      await client.query('rollback')
    }
  }
  await client.end()
  return errors
}

describe('writers in the way', () => {
  for (const server of ['pg17', 'ts-sid'] as const) {
    for (const workers of [1, 4]) {
      test(`the same keys in ${server}, ${workers} workers: no error of theirs, every row once`, PATIENT, async () => {
        const { world, run } = await begun({ server, rows: 4000, seed: 9, tables: ['metric'] })
        const lines = await world.source.lines('metric')
        let done = false
        const hammers = Array.from({ length: 5 }, (_, n) => hammer(run.targetUrl, lines, lcg(n + workers), () => done))
        const { backfill } = await drive({ ...run, workers, taskRows: 500 })
        done = true
        expect((await Promise.all(hammers)).flat()).toEqual([])
        expect(backfill?.quarantined).toBe(0)
        expect(await liveFindings(world.source, run.targetUrl, ['metric'])).toEqual([])
      })
    }
  }

  /** A writer holds a key, then waits for one that the tool holds: whoever looks for a deadlock first would lose. */
  test('a deadlock in the making is the tool that fails, however long the writer has waited', async () => {
    const { url, superUrl } = await freshPg('pg17')
    const target = await openTarget(url, { connections: 2, signal: new AbortController().signal })
    onTestFinished(() => target.close())
    const tool = await target.session()
    await tool.query('create schema plant; create table plant.t (k int primary key)')
    const writer = await connected(superUrl)
    // Twenty times what is usual: a machine that is busy has the time to cancel the tool before.
    await writer.query(`set deadlock_timeout = '20s'`)
    const copying = new Set([tool.pid])
    await givingWay(target, copying, async () => {
      await writer.query('begin; insert into plant.t values (1)')
      await tool.query(`begin; set local lock_timeout = '200ms'; insert into plant.t values (2)`)
      const waits = writer.query('insert into plant.t values (2) on conflict do nothing')
      // So long that the server's own look falls into the tool's wait, were it not cancelled before.
      const busy = tool.query('select pg_sleep(19.9)').then(() => tool.query('insert into plant.t values (1)'))
      await expect(busy).rejects.toMatchObject({ sqlstate: '57014', retry: 'transient' })
      await tool.query('rollback')
      expect((await waits).rowCount).toBe(1)
      await writer.query('commit')
    })
    await writer.end()
    await tool.release()
  })

  test('a backend that is between two statements is closed', async () => {
    const { url } = await freshPg('pg17')
    const target = await openTarget(url, { connections: 2, signal: new AbortController().signal })
    onTestFinished(() => target.close())
    const tool = await target.session()
    await tool.query('create schema plant; create table plant.t (k int primary key)')
    const writer = await connected(url)
    await givingWay(target, new Set([tool.pid]), async () => {
      await tool.query('begin; insert into plant.t values (1)')
      const began = performance.now()
      await writer.query('insert into plant.t values (1) on conflict do nothing')
      expect(performance.now() - began).toBeLessThan(30_000)
      await expect(tool.query('commit')).rejects.toMatchObject({ code: 'HF-C019' })
    })
    await writer.end()
    await tool.release(true)
  })

  test('a row that comes between comparing and inserting is compared again', async () => {
    const { world, run } = await begun({ server: 'pg17', rows: 50, seed: 9, tables: ['metric'] })
    const rows = (await world.source.lines('metric')).map((line) => line.split('|'))
    const old = rows.filter(([, at]) => Number(at) < T)
    const [first, second] = old
    const client = await connected(run.targetUrl)
    onTestFinished(() => client.end())
    const insert = (row: string[] | undefined): Promise<unknown> =>
      client.query(`insert into plant.metric values ($1, to_timestamp($2::numeric / 1000), $3)`, row)
    await insert(first)
    // The first one makes the COPY fail; the second is committed while the INSERT … SELECT that follows has begun, and waits for us in a trigger.
    await client.query(`select pg_advisory_lock(4711)`)
    await client.query(`create function plant.gate() returns trigger language plpgsql as $$
      begin
        if current_query() like 'insert into "plant"."metric"%' then
          perform pg_advisory_lock_shared(4711), pg_advisory_unlock_shared(4711);
        end if;
        return null;
      end $$;
      create trigger gate before insert on plant.metric for each statement execute function plant.gate()`)
    let reads = 0
    const copied = drive(
      { ...run, workers: 1, taskRows: 1000 },
      {
        change: (ctx) =>
          withReads(ctx, async function* (_slice, batches) {
            reads += 1
            yield* batches
          }),
      },
    )
    await expect.poll(() => waitsInInsert(client)).toBe(true)
    await insert(second)
    await client.query('select pg_advisory_unlock(4711)')
    const { backfill } = await copied
    expect(reads).toBeGreaterThan(0)
    expect(backfill?.quarantined).toBe(0)
    expect(await liveFindings(world.source, run.targetUrl, ['metric'])).toEqual([])
  })
})

async function waitsInInsert(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    `select from pg_stat_activity where state = 'active' and query like 'insert into "plant"."metric"%select%' and wait_event = 'advisory'
       and datname = current_database()`,
  )
  return rows.length > 0
}
