import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { relayTo } from '../../../test/faults/relay.ts'
import { lcg } from '../../../test/live/backfill-world.ts'
import { freshMysql } from '../../../test/servers/database.ts'
import { writesIn } from '../../hyperferry/src/control/write-counts.ts'
import { readWriteTimes } from '../../hyperferry/src/control/write-times.ts'
import { collection } from '../src/collection.ts'
import { createDualWriter } from '../src/create.ts'
import type { DualWriteEvent } from '../src/options.ts'
import { genericStore } from '../src/stores/generic.ts'
import { MARKER_SQL } from '../src/stores/marker.ts'
import { mysql2Store } from '../src/stores/mysql2.ts'
import { pgStore } from '../src/stores/pg.ts'
import { sqliteStore } from '../src/stores/sqlite.ts'
import type { SourceStore, TargetStore } from '../src/stores/store.ts'
import { contract, setStage, sourceRows, sqliteSource, until } from './stage.ts'
import type { TheStage } from './stage.ts'
import { lateSqlite, mariadbConnector } from './stores/generic-drivers.ts'

interface Given {
  source: SourceStore
  target?: TargetStore
  journal?: string
  events?: DualWriteEvent[]
  onUnknownStage?: 'fail' | 'source'
  admissionMs?: number
}

async function writer(
  stage: TheStage,
  { source, target, journal = 'journal', events, onUnknownStage = 'fail', admissionMs = 5000 }: Given,
) {
  const dw = await createDualWriter({
    migration: 'test',
    name: 'w',
    source,
    target: target ?? pgStore(poolOf(stage.target.url)),
    journal: { dir: join(stage.folder, journal), durability: 'process' },
    collections: {
      readings: collection<{ device: number; ts: number; value?: number | null }>({
        table: 'reading',
        key: ['device', 'ts'],
        time: 'ts',
      }),
      events: collection<{ ts: number; kind: string }>({ table: 'event' }),
    },
    admissionMs,
    graceMs: 500,
    onUnknownStage,
    onEvent: (event) => events?.push(event),
  })
  onTestFinished(() => dw.close({ drainMs: 100 }))
  return dw
}

function sourceThrough(url: string, through: 'mysql2' | 'a generic driver'): SourceStore {
  if (through !== 'mysql2') return genericStore(mariadbConnector(url))
  const pool = mysql.createPool({ uri: url, connectionLimit: 4 })
  onTestFinished(() => pool.end())
  return mysql2Store(pool)
}

function poolOf(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 6, connectionTimeoutMillis: 20_000 })
  pool.on('error', () => {})
  onTestFinished(() => pool.end())
  return pool
}

test('writes to the source alone until it is told otherwise, then to both, without a restart', async () => {
  const stage = await setStage()
  const db = sqliteSource(stage.folder)
  const dw = await writer(stage, { source: sqliteStore(db) })
  expect(await dw.write('readings', [{ device: 1, ts: 1 }])).toMatchObject({ primary: 'source', secondary: 'none' })
  await stage.begin(contract('sqlite'))
  await until(() => dw.status().stage === 'dualwrite')
  const told = await dw.write('readings', [
    { device: 1, ts: 2, value: 0.1 },
    { device: 2, ts: 2 },
  ])
  expect(told).toMatchObject({ primary: 'source', secondary: 'queued', epoch: 1 })
  for (let n = 0; n < 100; n += 1) await dw.write('events', [{ ts: 5, kind: 'same' }])
  expect(await dw.drain(10_000)).toBe(true)
  expect(await stage.rows('reading')).toEqual(sourceRows(db, 'reading').filter((row) => !row.includes('"ts": 1,')))
  expect(await stage.rows('event')).toEqual(sourceRows(db, 'event'))
  await until(async () => (await stage.writers())[0]?.dualSince !== null)
  // How long each of them took is told too.
  await until(async () => {
    const [times] = await readWriteTimes(stage.session, stage.migrationId)
    return times !== undefined && writesIn(times.total) === 102 && writesIn(times.lately) === 102
  })
})

test('a target that is away costs the application nothing, and nothing is lost or doubled when it is back', async () => {
  const stage = await setStage()
  const db = sqliteSource(stage.folder)
  await using relay = await relayTo(stage.target.url)
  const dw = await writer(stage, { source: sqliteStore(db), target: pgStore(poolOf(relay.url(stage.target.url))) })
  await stage.begin(contract('sqlite'))
  await until(() => dw.status().stage === 'dualwrite')
  const took: number[] = []
  for (let n = 0; n < 300; n += 1) {
    if (n % 20 === 0) relay.cutAll()
    const began = performance.now()
    await dw.write('events', [
      { ts: n, kind: 'x' },
      { ts: n, kind: 'x' },
    ])
    took.push(performance.now() - began)
  }
  // Who waited for the target would wait in every write: one that is slow is the machine's.
  expect(took.toSorted((a, b) => a - b)[270]).toBeLessThan(1000)
  expect(await dw.drain(20_000)).toBe(true)
  expect(await stage.rows('event')).toEqual(sourceRows(db, 'event'))
  expect(await stage.rows('event')).toHaveLength(600)
})

/** Loses the answer to every third COMMIT of a delivery: it has taken place, and nobody knows. */
function losingDeliveries() {
  let commits = 0
  return () => {
    let delivery = false
    return {
      onRequest(chunk: Buffer): 'pass' | 'swallow' {
        if (chunk.includes('w1_inbox')) delivery = true
        if (!delivery || !chunk.includes('COMMIT')) return 'pass'
        delivery = false
        commits += 1
        return commits % 3 === 1 ? 'swallow' : 'pass'
      },
    }
  }
}

async function underLostCommits(
  wrap: (store: TargetStore) => TargetStore,
): Promise<{ doubled: number; missing: number; cuts: number }> {
  const stage = await setStage()
  const db = sqliteSource(stage.folder)
  await using relay = await relayTo(stage.target.url, losingDeliveries())
  const dw = await writer(stage, {
    source: sqliteStore(db),
    target: wrap(pgStore(poolOf(relay.url(stage.target.url)))),
  })
  await stage.begin(contract('sqlite'))
  await until(() => dw.status().stage === 'dualwrite')
  for (let n = 0; n < 60; n += 1) {
    await dw.write('events', [{ ts: n, kind: 'x' }])
    if (n % 6 === 5) await until(() => dw.status().pending === 0, 20_000)
  }
  await dw.drain(20_000)
  const counts = new Map<string, number>()
  for (const row of await stage.rows('event')) counts.set(row, (counts.get(row) ?? 0) + 1)
  const doubled = [...counts.values()].reduce((sum, times) => sum + times - 1, 0)
  return { doubled, missing: 60 - counts.size, cuts: relay.cuts }
}

test('a delivery whose answer is lost is not made twice; without the inbox it would be', async () => {
  const right = await underLostCommits((store) => store)
  expect(right.cuts).toBeGreaterThan(2)
  expect(right).toMatchObject({ doubled: 0, missing: 0 })
  // The mutant believes its own memory instead of the inbox.
  const mutant = await underLostCommits((store) => {
    let believed = 0
    return {
      ...store,
      async transaction(use) {
        let end = believed
        const result = await store.transaction((query) =>
          use(async (sql, params) => {
            if (sql.includes('w1_inbox')) {
              await query(sql, params)
              return { rows: [{ applied: String(believed) }] as never[], rowCount: 1 }
            }
            if (!sql.includes('w1_applied')) return query(sql, params)
            end = Number(params?.[3])
            await query('update hyperferry.inbox set applied = $2 where journal = $1', [params?.[1], end])
            return { rows: [], rowCount: 0 }
          }),
        )
        believed = end
        return result
      },
    }
  })
  expect(mutant.doubled).toBeGreaterThan(0)
})

test('a record the target refuses is parked with its reason, and those behind it go on', async () => {
  const stage = await setStage()
  await stage.sql(`alter table plant.event add check (kind <> 'bad')`)
  const db = sqliteSource(stage.folder)
  const events: DualWriteEvent[] = []
  const dw = await writer(stage, { source: sqliteStore(db), events })
  await stage.begin(contract('sqlite'))
  await until(() => dw.status().stage === 'dualwrite')
  for (let n = 0; n < 40; n += 1) await dw.write('events', [{ ts: n, kind: n === 7 || n === 23 ? 'bad' : 'good' }])
  expect(await dw.drain(20_000)).toBe(true)
  expect(await stage.rows('event')).toHaveLength(38)
  const { rows } = await stage.sql(
    'select direction, collection, sqlstate, record::text, status from hyperferry.parked_op order by seq',
  )
  expect(rows).toHaveLength(2)
  expect(rows[0]).toMatchObject({ direction: 'to target', collection: 'event', sqlstate: '23514', status: 'open' })
  expect(String(rows[0]?.['record'])).toContain('bad')
  expect(events.filter(({ kind }) => kind === 'parked')).toHaveLength(2)
})

test('a value that not both can hold is refused before either has the row', async () => {
  const stage = await setStage()
  const db = sqliteSource(stage.folder)
  const dw = await writer(stage, { source: sqliteStore(db) })
  await stage.begin(contract('sqlite'))
  await until(() => dw.status().stage === 'dualwrite')
  const rows = [
    { device: 1, ts: 1 },
    { device: 1, ts: 2.5 },
  ]
  await expect(dw.write('readings', rows)).rejects.toMatchObject({ code: 'HF-DW04', row: 1, column: 'ts' })
  expect(sourceRows(db, 'reading')).toEqual([])
  await expect(
    dw.write('readings', [
      { device: 1, ts: 1 },
      { device: 1, ts: 1 },
    ]),
  ).rejects.toMatchObject({ code: 'HF-DW01', retryable: false })
  expect(sourceRows(db, 'reading')).toEqual([])
  expect(dw.status()).toMatchObject({ inFlight: 0, pending: 0, inDoubt: 0 })
})

const sqliteStores = { sqliteStore, genericStore: (db: DatabaseSync) => genericStore(lateSqlite(db)) }

test.for(Object.entries(sqliteStores))(
  'roles change under load: what was acknowledged is at the primary, both hold the same, and ids go on: %s',
  { timeout: 180_000 },
  async ([, store]) => {
    const stage = await setStage({ identity: true })
    const db = sqliteSource(stage.folder, { identity: true })
    const dw = await writer(stage, { source: store(db), admissionMs: 30_000 })
    await stage.begin(contract('sqlite', { identity: true }))
    await until(() => dw.status().stage === 'dualwrite')
    let stop = false
    let acknowledged = 0
    const load = Promise.all(
      Array.from({ length: 6 }, async (_, lane) => {
        while (!stop) {
          await dw.write('events', [{ ts: lane, kind: 'x' }])
          acknowledged += 1
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
      }),
    )
    const more = async (): Promise<void> => {
      const before = acknowledged
      await until(() => acknowledged >= before + 60, 30_000)
    }
    const change = async (to: 'live' | 'dualwrite'): Promise<void> => {
      await more()
      await stage.hold('prepare')
      await until(async () => ((await stage.writers())[0]?.heartbeatAgeMs ?? Infinity) < 100)
      const id = await stage.hold('hold')
      await until(async () => (await stage.writers())[0]?.held === id)
      if (to === 'dualwrite') {
        await until(
          async () => Number((await stage.sql('select count(*) as n from hyperferry.outbox')).rows[0]?.['n']) === 0,
        )
      }
      // Nobody writes now: both hold the same, to the row.
      expect(await stage.rows('event')).toEqual(sourceRows(db, 'event'))
      expect(sourceRows(db, 'event')).toHaveLength(acknowledged)
      await stage.sql(`select setval(pg_get_serial_sequence('plant.event', 'id'), (select max(id) from plant.event))`)
      expect(await stage.commit(to)).toBeGreaterThan(0)
      await until(() => dw.status().primary === (to === 'live' ? 'target' : 'source'))
    }
    await change('live')
    await change('dualwrite')
    await change('live')
    await more()
    stop = true
    await load
    await dw.close()
    expect(await stage.rows('event')).toEqual(sourceRows(db, 'event'))
    expect(sourceRows(db, 'event')).toHaveLength(acknowledged)
    expect(acknowledged).toBeGreaterThan(200)
  },
)

test('a hold that ends without a change lets everybody go on as before', async () => {
  const stage = await setStage()
  const db = sqliteSource(stage.folder)
  const dw = await writer(stage, { source: sqliteStore(db), admissionMs: 30_000 })
  await stage.begin(contract('sqlite'))
  await until(() => dw.status().stage === 'dualwrite')
  // Long enough to be seen by a heartbeat that comes late.
  await stage.hold('hold', 5)
  await until(() => dw.status().phase === 'hold')
  // Nobody ends it: the writer's own heartbeat does when its time has come.
  const { primary, epoch } = await dw.write('events', [{ ts: 1, kind: 'x' }])
  expect({ primary, epoch }).toEqual({ primary: 'source', epoch: 2 })
  expect(await stage.commit('live')).toBeNull()
})

test('starts without the target in the stage it remembers, never in a lower one, and not at all when it remembers none', async () => {
  const stage = await setStage()
  const db = sqliteSource(stage.folder)
  const first = await writer(stage, { source: sqliteStore(db) })
  await stage.begin(contract('sqlite'))
  await until(() => first.status().stage === 'dualwrite')
  await first.close()
  await using relay = await relayTo(stage.target.url)
  const nowhere = pgStore(poolOf('postgres://nobody@127.0.0.1:1/nothing'))
  const second = await writer(stage, { source: sqliteStore(db), target: nowhere })
  expect(second.status()).toMatchObject({ stage: 'dualwrite', reachable: false })
  await second.write('events', [{ ts: 1, kind: 'kept' }])
  expect(second.status().pending).toBe(1)
  await second.close({ drainMs: 50 })
  const third = await writer(stage, { source: sqliteStore(db), target: pgStore(poolOf(relay.url(stage.target.url))) })
  expect(await third.drain(10_000)).toBe(true)
  expect(await stage.rows('event')).toEqual(sourceRows(db, 'event'))
  await expect(writer(stage, { source: sqliteStore(db), target: nowhere, journal: 'new' })).rejects.toMatchObject({
    code: 'HF-DW07',
  })
  const careless = await writer(stage, {
    source: sqliteStore(db),
    target: nowhere,
    journal: 'new',
    onUnknownStage: 'source',
  })
  expect(await careless.write('events', [{ ts: 2, kind: 'alone' }])).toMatchObject({ secondary: 'none' })
})

test('two processes cannot have one journal, and one whose journal was given up writes no more', async () => {
  const stage = await setStage()
  const db = sqliteSource(stage.folder)
  const dw = await writer(stage, { source: sqliteStore(db) })
  await expect(writer(stage, { source: sqliteStore(db) })).rejects.toMatchObject({ code: 'HF-DW06' })
  await stage.begin(contract('sqlite'))
  await until(() => dw.status().stage === 'dualwrite')
  await stage.sql(`update hyperferry.writer set closed = 'lost', closed_at = now()`)
  await until(async () => {
    try {
      await dw.write('events', [{ ts: 1, kind: 'x' }])
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: 'HF-DW03', reason: 'closed', retryable: false })
      return true
    }
  })
})

test.for([
  ['mariadb', 'mysql2'],
  ['mysql', 'mysql2'],
  ['mariadb', 'a generic driver'],
] as const)(
  'finds out what became of writes whose answer was lost: %s by %s',
  { timeout: 120_000 },
  async ([server, through]) => {
    const stage = await setStage({ identity: true })
    const fresh = await freshMysql(server)
    const admin = await mysql.createConnection({ uri: fresh.adminUrl })
    onTestFinished(() => admin.end())
    await admin.query(
      'create table reading (device bigint not null, ts bigint not null, value double, primary key (device, ts))',
    )
    await admin.query('create table event (id bigint auto_increment primary key, ts bigint not null, kind varchar(50))')
    await admin.query(MARKER_SQL.mysql)
    let n = 0
    let armed = false
    const random = lcg(7)
    // Some COMMITs take place and are not answered, some connections are cut before the server hears of COMMIT.
    await using relay = await relayTo(fresh.adminUrl, () => ({
      onRequest(chunk) {
        if (!armed || !chunk.includes('COMMIT')) return 'pass'
        n += 1
        return n % 5 === 0 ? 'swallow' : 'pass'
      },
      onAnswer: () => (armed && random() < 0.01 ? 'cut' : 'pass'),
    }))
    const dw = await writer(stage, { source: sourceThrough(relay.url(fresh.adminUrl), through) })
    await stage.begin(contract('mysql', { identity: true }))
    await until(() => dw.status().stage === 'dualwrite')
    // Not before: a writer that cannot begin says so, and has nothing in doubt.
    armed = true
    const outcomes = { ok: 0, unknown: 0, refused: 0 }
    for (let at = 0; at < 120; at += 1) {
      try {
        await dw.write('events', [
          { ts: at, kind: 'x' },
          { ts: at, kind: 'y' },
        ])
        outcomes.ok += 1
      } catch (error) {
        const { code } = error as { code: string }
        if (code === 'HF-DW02') outcomes.unknown += 1
        else {
          expect(code).toBe('HF-DW01')
          outcomes.refused += 1
        }
      }
    }
    expect(outcomes.unknown).toBeGreaterThan(5)
    await until(() => dw.drain(1000), 60_000)
    const [rows] = await admin.query<mysql.RowDataPacket[]>('select id, ts, kind from event')
    const inSource = rows
      .map((row) => `{"id": ${row['id']}, "ts": ${row['ts']}, "kind": ${JSON.stringify(row['kind'])}}`)
      .toSorted()
    // Every write is in both with the same ids, or in neither; acknowledged ones are.
    expect(await stage.rows('event')).toEqual(inSource)
    expect(inSource.length).toBeGreaterThanOrEqual(2 * outcomes.ok)
    expect(inSource.length).toBeLessThanOrEqual(2 * (outcomes.ok + outcomes.unknown))
  },
)
