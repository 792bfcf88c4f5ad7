// A database that is written while it is verified: rows of now and late ones, in the source first and in the target some time later (or the other way round).
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { putCompletionPoints } from '../../packages/hyperferry/src/control/completion.ts'
import { moveStage, putContract } from '../../packages/hyperferry/src/control/dual-write.ts'
import { registerTables } from '../../packages/hyperferry/src/control/ledger.ts'
import { openSource } from '../../packages/hyperferry/src/source/registry.ts'
import type { StepContext } from '../../packages/hyperferry/src/steps/context.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import { withSession } from '../../packages/hyperferry/src/target/with-session.ts'
import { noEvents } from '../../packages/hyperferry/src/work/events.ts'
import { transaction } from '../../packages/hyperferry/src/target/transaction.ts'
import { drive } from '../faults/drive.ts'
import { freshPg } from '../servers/database.ts'
import { lcg, makeLiveWorld, TABLES } from './backfill-world.ts'
import type { LiveTable, Row, SourceDoor } from './backfill-world.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Oldest row of the history, milliseconds. */
const OLDEST = Date.UTC(2024, 4, 1)

export interface VerifyWorld {
  ctx: StepContext
  source: SourceDoor
  targetUrl: string
  /** In milliseconds: everything before belongs to the backfill. */
  t: number
  sql(text: string): Promise<void>
  close(): Promise<void>
}

/** History copied by the real steps, a completion point an hour ago, stage `dualwrite`. */
export async function verifyWorld(engine: 'sqlite' | 'mariadb', seed: number, rows = 400): Promise<VerifyWorld> {
  const world = await makeLiveWorld(engine, rows, lcg(seed))
  const { url: targetUrl } = await freshPg('pg17')
  const run = { sourceUrl: world.source.url, targetUrl, plan: world.plan, taskRows: 60 }
  await drive({ ...run, steps: ['schema'] })
  const { signal } = new AbortController()
  const target = await openTarget(targetUrl, { connections: 4, signal })
  const t = Math.floor((Date.now() - HOUR) / 1000) * 1000
  const migrationId = await withSession(target, async (session) => {
    const found = await session.query<{ id: number }>(`select id from hyperferry.migration where name = 'live'`)
    const id = found.rows[0]?.id ?? 0
    await putContract(session, id, {}, 'none')
    await moveStage(session, id, 'off', 'dualwrite')
    const ids = await registerTables(session, id, world.plan.tables)
    const point = { t: new Date(t).toISOString(), grade: 'proven' as const, evidence: {} }
    const [from, to] = [BigInt(t), BigInt(t + 365 * DAY)]
    const places = { instant: from * 1000n, position: from, beyondInstant: to * 1000n, beyondPosition: to }
    await transaction(session, () =>
      putCompletionPoints(
        session,
        id,
        world.plan.tables.map(({ source }) => ({ ...point, ...places, tableId: ids.get(source) ?? 0, source })),
      ),
    )
    return id
  })
  await drive({ ...run, steps: ['backfill'] })
  const source = await openSource(world.source.url, { timezone: 'UTC', connections: 4, signal })
  return {
    ctx: { plan: world.plan, source, target, events: noEvents, signal, migrationId },
    source: world.source,
    targetUrl,
    t,
    async sql(text) {
      await target.query(text)
    },
    async close() {
      await source.close()
      await target.close()
      await world.remove()
    },
  }
}

interface Op {
  table: LiveTable
  rows: Row[]
}

export interface WritingOptions {
  random: () => number
  /** Longest time between the two stores, milliseconds. Default 60. */
  delayMs?: number
  /** Deliver everything at once, so many milliseconds apart, instead of a little all the while. */
  burstMs?: number
  /** Ops that never reach the store that follows. */
  lose?: (op: Op) => boolean
}

/** Writes until `stop`, which returns when everything is delivered, with the number of ops. */
export interface Writing {
  stop(): Promise<number>
}

let nextId = 1_000_000

/** Records delivered together: more than are written meanwhile, also on a machine with other things to do. */
const MOST = 100

function opOf(world: VerifyWorld, random: () => number): Op {
  const table = TABLES[Math.floor(random() * TABLES.length)] ?? 'metric'
  const rows = Array.from({ length: 1 + Math.floor(random() * 3) }, (): Row => {
    const kind = random()
    const at =
      kind < 0.3
        ? OLDEST + Math.floor(random() * (world.t - OLDEST))
        : kind < 0.6
          ? world.t + Math.floor(random() * HOUR * 0.9)
          : Date.now() - Math.floor(random() * 20)
    return { id: nextId++, at, tag: `new ${nextId % 3}` }
  })
  return { table, rows }
}

/** The source is primary: as the library, by the functions of the control schema. */
// eslint-disable-next-line max-lines-per-function -- three loops that share one state
export async function writeToSource(world: VerifyWorld, options: WritingOptions): Promise<Writing> {
  const { random, delayMs = 60, burstMs } = options
  const client = new pg.Client({ connectionString: world.targetUrl })
  const heart = new pg.Client({ connectionString: world.targetUrl })
  await client.connect()
  await heart.connect()
  const journal = randomUUID()
  const writer = { contract: 1, name: 'w', journal, incarnation: randomUUID(), library: 'test' }
  const { rows } = await heart.query<{ answer: { writerId: string } }>(
    'select hyperferry.w1_register($1, $2) as answer',
    ['live', JSON.stringify(writer)],
  )
  const id = rows[0]?.answer.writerId ?? ''
  const active = new Set<Op>()
  const pending: Op[] = []
  const now = { stopping: false, ended: false, barrier: 0, applied: 0, written: 0 }

  const writes = async (): Promise<void> => {
    while (!now.stopping) {
      const op = opOf(world, random)
      active.add(op)
      await world.source.insert(op.table, op.rows)
      pending.push(op)
      active.delete(op)
      now.written += 1
      await sleep(random() * 20)
    }
  }
  const delivers = async (): Promise<void> => {
    while (!now.stopping || active.size > 0 || pending.length > 0) {
      await sleep(burstMs ?? random() * delayMs)
      const ops = pending.slice(0, burstMs === undefined ? MOST : pending.length)
      if (ops.length === 0) continue
      await client.query('begin')
      await client.query('select hyperferry.w1_inbox($1, $2)', [id, journal])
      const instants: Record<string, string[]> = {}
      for (const op of ops) {
        if (options.lose?.(op) !== true) await insert(client, op)
        ;(instants[op.table] ??= []).push(...op.rows.map(({ at }) => `${at}000`))
      }
      const to = now.applied + ops.length
      await client.query('select hyperferry.w1_applied($1, $2, $3, $4, $5)', [
        id,
        journal,
        now.applied,
        to,
        JSON.stringify(instants),
      ])
      await client.query('commit')
      now.applied = to
      pending.splice(0, ops.length)
    }
  }
  const beats = async (): Promise<void> => {
    while (!now.ended) {
      const low: Record<string, string> = {}
      for (const { table, rows: some } of [...active, ...pending]) {
        const smallest = BigInt(Math.min(...some.map(({ at }) => at))) * 1000n
        if (low[table] === undefined || smallest < BigInt(low[table])) low[table] = String(smallest)
      }
      const state = {
        stage: 'dualwrite',
        dual: true,
        barrier: now.barrier,
        inFlight: active.size,
        pending: pending.length,
        low,
      }
      const answer = await heart.query<{ state: { barrier: number } }>(
        'select hyperferry.w1_heartbeat($1, $2) as state',
        [id, JSON.stringify(state)],
      )
      now.barrier = answer.rows[0]?.state.barrier ?? 0
      await sleep(20)
    }
  }
  const work = Promise.all([writes(), delivers()])
  const heartbeats = beats()
  return {
    async stop() {
      now.stopping = true
      await work
      now.ended = true
      await heartbeats
      await heart.query('select hyperferry.w1_close($1)', [id])
      await heart.end()
      await client.end()
      return now.written
    },
  }
}

/** The target is primary (stage `live`): rows and outbox in one transaction, the source some time later. */
export async function writeToTarget(world: VerifyWorld, options: WritingOptions): Promise<Writing> {
  const { random, delayMs = 60 } = options
  const client = new pg.Client({ connectionString: world.targetUrl })
  const deliverer = new pg.Client({ connectionString: world.targetUrl })
  await client.connect()
  await deliverer.connect()
  const { rows } = await client.query<{ id: string }>(
    `insert into hyperferry.writer (migration_id, name, kind, journal, stage) values ($1, 'w', 'library', gen_random_uuid(), 'live') returning id::text`,
    [world.ctx.migrationId],
  )
  const id = rows[0]?.id ?? ''
  const now = { stopping: false, written: 0, delivered: 0 }
  const writes = async (): Promise<void> => {
    while (!now.stopping) {
      const op = opOf(world, random)
      await client.query('begin')
      await insert(client, op)
      await client.query(
        'insert into hyperferry.outbox (migration_id, epoch, writer_id, record) values ($1, 1, $2, $3)',
        [world.ctx.migrationId, id, JSON.stringify(op)],
      )
      await client.query('commit')
      now.written += 1
      await sleep(random() * 20)
    }
  }
  const delivers = async (): Promise<void> => {
    while (!now.stopping || now.delivered < now.written) {
      await sleep(random() * delayMs)
      const taken = await deliverer.query<{ id: string; record: Op }>(
        `select id::text, record from hyperferry.outbox order by outbox.id limit ${MOST}`,
      )
      for (const { record } of taken.rows) {
        if (options.lose?.(record) !== true) await world.source.insert(record.table, record.rows)
      }
      await deliverer.query('delete from hyperferry.outbox where id = any($1)', [taken.rows.map((row) => row.id)])
      now.delivered += taken.rows.length
    }
  }
  const work = Promise.all([writes(), delivers()])
  return {
    async stop() {
      now.stopping = true
      await work
      await client.end()
      await deliverer.end()
      return now.written
    },
  }
}

/** Ids of rows without a key say nothing, so that rows can be equal. */
async function insert(client: pg.Client, { table, rows }: Op): Promise<void> {
  const keyless = table === 'event' || table === 'line'
  const stored = rows.map(({ id, at, tag }) => ({ id: keyless ? id % 2 : id, at, tag }))
  await client.query(
    `insert into plant.${table} (id, at, tag) select (r ->> 'id')::int8, to_timestamp((r ->> 'at')::numeric / 1000), r ->> 'tag'
     from json_array_elements($1::json) r ${keyless ? '' : 'on conflict do nothing'}`,
    [JSON.stringify(stored)],
  )
}
