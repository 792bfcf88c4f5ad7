// Step 10 with writers that answer, that do not, that owe something, and a tool that is killed: either everything has changed, or nothing.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { beginHold, commitRoles, dualState } from '../../packages/hyperferry/src/control/dual-write.ts'
import type { Failpoint } from '../../packages/hyperferry/src/failpoints.ts'
import type { DualState } from '../../packages/hyperferry/src/model.ts'
import type { StepContext } from '../../packages/hyperferry/src/steps/context.ts'
import { finish } from '../../packages/hyperferry/src/steps/finish.ts'
import type { Session } from '../../packages/hyperferry/src/target/connect.ts'
import { withSession } from '../../packages/hyperferry/src/target/with-session.ts'
import { endOfTest } from '../helpers/end-of-test.ts'
import { describeWith } from '../servers/index.ts'
import { changeTo } from './change.ts'
import { killedAt } from './cutover-child.ts'
import { cutoverWorld, relationalFaults } from './cutover-world.ts'
import type { CutoverWorld } from './cutover-world.ts'
import { HoldingWriter } from './holding-writer.ts'
import type { HoldingOptions } from './holding-writer.ts'

const suite = await describeWith('pg17', 'mariadb')
const onTimescale = await describeWith('ts-sid')

async function worldOf(...args: Parameters<typeof cutoverWorld>): Promise<CutoverWorld> {
  const world = await cutoverWorld(...args)
  onTestFinished(() => world.close())
  return world
}

async function join(world: CutoverWorld, options: Partial<HoldingOptions> = {}): Promise<HoldingWriter> {
  const writer = await HoldingWriter.join(world.targetUrl, { migration: 'cut', name: 'w1', ...options })
  onTestFinished(() => writer.close('silent').catch(() => {}))
  return writer
}

/** A writer, everything verified: the gates are open but for the load test. */
async function ready(world: CutoverWorld, options: Partial<HoldingOptions> = {}): Promise<HoldingWriter> {
  const writer = await join(world, options)
  expect(await world.verify()).toBe(true)
  return writer
}

async function stateOf({ ctx }: CutoverWorld): Promise<DualState> {
  const state = await withSession(ctx.target, (session) => dualState(session, ctx.migrationId))
  if (state === null) throw new Error('no state')
  return state
}

/** The application's first insert that lets the target give the number. */
async function insertsWork({ ask }: CutoverWorld): Promise<void> {
  await ask(`insert into plant.reading (at, device_id) values (now(), 1)`)
  await ask(`insert into plant.device (name) values ('by the application')`)
}

const young = (id: number): string => `insert into reading (id, at, device_id) values (${id}, ${Date.now()}, 1)`

/** A row that is in the source, and that a writer brings to the target once it is held: in a moment, or when `wait` is over. */
async function owed(world: CutoverWorld, id: number, wait?: Promise<void>): Promise<() => Promise<void>> {
  const at = Date.now()
  await world.source(`insert into reading (id, at, device_id) values (${id}, ${at}, 1)`)
  return async () => {
    await (wait ?? sleep(300))
    await world.ask(`insert into plant.reading (id, at, device_id) values (${id}, to_timestamp(${at} / 1000.0), 1)`)
  }
}

async function cutsOver(world: CutoverWorld): Promise<void> {
  const { epoch } = await stateOf(world)
  await world.source(`insert into device (id, name) values (700, 'gone'); delete from device where id = 700;
    insert into device (id, parent_id, name) values (50, 2, 'late'); update sensor set unit = 'MW' where id = 1; delete from sensor where id = 2`)
  const first = await ready(world)
  first.owe(await owed(world, 900))
  await join(world, { name: 'w2' })
  const result = await changeTo(world.ctx, 'live')
  expect(result).toMatchObject({ epoch: epoch + 1, primary: 'target' })
  expect(result.pauseMs).toBeGreaterThan(300)
  expect(result.pauseMs).toBeLessThan(30_000)
  expect(result.notes[0]).toContain('brought up to date')
  expect(await relationalFaults(world)).toEqual([])
  expect(await world.ask('select id from plant.reading where id = 900')).toHaveLength(1)
  await insertsWork(world)
  await expect
    .poll(() => first.seen.slice(-3))
    .toEqual([`dualwrite ${epoch} prepare`, `dualwrite ${epoch} hold`, `live ${epoch + 1} open`])
  expect(await changeTo(world.ctx, 'live')).toMatchObject({ epoch: epoch + 1, primary: 'target', pauseMs: 0 })
  expect((await stateOf(world)).epoch).toBe(epoch + 1)
}

suite('cutover', () => {
  for (const engine of ['sqlite', 'mariadb'] as const) {
    test(`${engine}: waits for what a writer owes, brings the relational tables, numbers go on behind both`, async () => {
      const world = await worldOf(engine)
      await cutsOver(world)
      // 700 was given out in the source, though its row is gone.
      const [last] = await world.ask<{ id: string }>(`select id from plant.device where name = 'by the application'`)
      expect(Number(last?.id)).toBeGreaterThanOrEqual(engine === 'sqlite' ? 701 : 51)
      expect(await world.ask(`select message, data ->> 'code' as code from hyperferry.event`)).toEqual([
        { message: 'a test', code: 'HF-G031' },
      ])
    })
  }

  test('a writer that does not answer: HF-K010 names it, the others go on as before; then it does', async () => {
    const world = await worldOf('sqlite')
    const good = await ready(world)
    const bad = await join(world, { name: 'deaf', answers: false })
    const { epoch } = await stateOf(world)
    await expect(changeTo(world.ctx, 'live', { hold: 6 })).rejects.toMatchObject({
      code: 'HF-K010',
      exitCode: 4,
      details: { writers: ['deaf'] },
    })
    expect(await stateOf(world)).toMatchObject({
      stage: 'dualwrite',
      primary: 'source',
      phase: 'open',
      epoch: epoch + 1,
    })
    await expect.poll(() => good.state).toMatchObject({ phase: 'open', epoch: epoch + 1, stage: 'dualwrite' })
    await bad.close()
    expect(await changeTo(world.ctx, 'live')).toMatchObject({ epoch: epoch + 2, primary: 'target' })
  })

  test('a killed writer that has not come back closes the gate', async () => {
    const world = await worldOf('sqlite')
    await ready(world)
    const dead = await join(world, { name: 'dead' })
    await dead.close('silent')
    await world.ask(`update hyperferry.writer set heartbeat_at = now() - interval '1 minute' where name = 'dead'`)
    await expect(changeTo(world.ctx, 'live')).rejects.toMatchObject({
      code: 'HF-K011',
      message: expect.stringContaining('dead silent') as unknown,
    })
  })

  test('a row that is in one store only: HF-K013, everything as before', async () => {
    const world = await worldOf('sqlite')
    await ready(world)
    const { epoch } = await stateOf(world)
    await world.source(young(901))
    await expect(changeTo(world.ctx, 'live')).rejects.toMatchObject({ code: 'HF-K013', exitCode: 3 })
    expect(await stateOf(world)).toMatchObject({ stage: 'dualwrite', phase: 'open', epoch: epoch + 1 })
  })

  test('gates: never verified, nobody writes, rows in quarantine, a verify that found a difference and a copy that hid it', async () => {
    const world = await worldOf('sqlite')
    await expect(changeTo(world.ctx, 'live')).rejects.toMatchObject({
      code: 'HF-K011',
      message: expect.stringMatching(/HF-G011.*HF-G013/) as unknown,
    })
    await ready(world)
    await expect(changeTo(world.ctx, 'live', { accept: ['HF-G011'] })).rejects.toMatchObject({ code: 'HF-U001' })
    await world.ask(`alter table plant.sensor add constraint no_volts check (unit <> 'V')`)
    await world.source(`insert into sensor values (8, 1, 'V')`)
    await expect(changeTo(world.ctx, 'live')).rejects.toMatchObject({
      code: 'HF-K011',
      message: expect.stringContaining('HF-B012 1 rows in quarantine') as unknown,
    })
    await world.source(`delete from sensor where id = 8`)
    await world.ask(`update plant.sensor set unit = 'wrong' where id = 1`)
    expect(await world.verify()).toBe(false)
    await expect(changeTo(world.ctx, 'live')).rejects.toMatchObject({
      code: 'HF-K011',
      message: expect.stringContaining('HF-G011 not proven equal: sensor') as unknown,
    })
    expect(await world.verify()).toBe(true)
    expect(await changeTo(world.ctx, 'live')).toMatchObject({ primary: 'target' })
  })

  test('interrupted inside the hold: HF-B022, everything as before', async () => {
    const world = await worldOf('sqlite')
    const stop = new AbortController()
    await ready(world, { onHold: () => stop.abort() })
    const { epoch } = await stateOf(world)
    await expect(changeTo({ ...world.ctx, signal: stop.signal }, 'live')).rejects.toMatchObject({ code: 'HF-B022' })
    expect(await stateOf(world)).toMatchObject({ stage: 'dualwrite', phase: 'open', epoch: epoch + 1 })
  })

  test('killed at every failpoint: all or nothing, nobody waits longer than the hold, the next one works', async () => {
    const world = await worldOf('sqlite')
    const writer = await ready(world)
    await world.source(`insert into device (id, name) values (60, 'late')`)
    const before: Failpoint[] = ['finalcopy.mid', 'cutover.after-prepare', 'cutover.in-hold', 'cutover.before-commit']
    for (const failpoint of before) {
      const { epoch } = await stateOf(world)
      const options = failpoint === 'cutover.in-hold' ? { hold: 5 } : {}
      expect(await killedAt(world, 'live', failpoint, options)).toBe('SIGKILL')
      const state = await stateOf(world)
      expect(state).toMatchObject({ stage: 'dualwrite', primary: 'source' })
      // The next one ends a hold that was left behind; without it the first heartbeat after its end does.
      if (failpoint !== 'cutover.in-hold') continue
      for (let waited = 0; writer.state.phase !== 'open' && waited < 1000; waited += 1) await sleep(20)
      expect(writer.state.phase).toBe('open')
      expect(writer.state.epoch).toBeGreaterThan(epoch)
    }
    const { epoch } = await stateOf(world)
    expect(await killedAt(world, 'live', 'cutover.after-commit')).toBe('SIGKILL')
    expect(await stateOf(world)).toMatchObject({ stage: 'live', phase: 'open' })
    const after = (await stateOf(world)).epoch
    expect(after).toBeGreaterThan(epoch)
    expect(await changeTo(world.ctx, 'live')).toMatchObject({ pauseMs: 0, epoch: after })
    expect(await relationalFaults(world)).toEqual([])
    await insertsWork(world)
  })
})

onTimescale('cutover on TimescaleDB', () => {
  test('waits for what a writer owes, brings the relational tables, numbers go on behind both', async () => {
    await cutsOver(await worldOf('sqlite', 'ts-sid'))
  })
})

suite('rollback', () => {
  async function live({ carries = true, ...options }: Partial<HoldingOptions> & { carries?: boolean } = {}): Promise<{
    world: CutoverWorld
    writer: HoldingWriter
  }> {
    const world = await worldOf('sqlite')
    const deliver = async (record: unknown): Promise<void> => world.source(young((record as { id: number }).id))
    const writer = await ready(world, { ...(carries ? { deliver } : {}), ...options })
    await changeTo(world.ctx, 'live')
    for (let waited = 0; writer.state.stage !== 'live' && waited < 1000; waited += 1) await sleep(20)
    return { world, writer }
  }
  const write = (writer: HoldingWriter, world: CutoverWorld, id: number): Promise<void> =>
    writer.write(world.targetUrl, `insert into plant.reading (id, at, device_id) values (${id}, now(), 1)`, { id })

  test('everything that was written to the target is in the source; a new cutover asks for a new verify', async () => {
    const { world, writer } = await live()
    for (let id = 910; id < 940; id += 1) await write(writer, world, id)
    const { epoch } = await stateOf(world)
    expect(await changeTo(world.ctx, 'dualwrite')).toMatchObject({ epoch: epoch + 1, primary: 'source' })
    expect(await world.lines('select count(*) from reading where id >= 910')).toEqual(['30'])
    expect(await changeTo(world.ctx, 'dualwrite')).toMatchObject({ epoch: epoch + 1, pauseMs: 0 })
    await expect(changeTo(world.ctx, 'live')).rejects.toMatchObject({
      code: 'HF-K011',
      message: expect.stringContaining('older than the rollback') as unknown,
    })
  })

  test('a writer that cannot deliver: refused, the target stays primary', async () => {
    const delivered: { wait?: Promise<void> } = {}
    const { world, writer } = await live({ deliver: async () => delivered.wait })
    delivered.wait = endOfTest()
    await write(writer, world, 950)
    // At the gate when it was not heard of for long, in the hold else.
    await expect(changeTo(world.ctx, 'dualwrite', { hold: 1 })).rejects.toMatchObject({
      code: expect.stringMatching(/^HF-K01[01]$/) as unknown,
    })
    expect(await stateOf(world)).toMatchObject({ stage: 'live', primary: 'target', phase: 'open' })
  })

  test('relational tables that were changed in the target: refused, also inside the hold, unless a person answers for it', async () => {
    const change = { sql: '' }
    const touched: { ask?: CutoverWorld['ask'] } = {}
    const { world } = await live({
      async onHold() {
        if (change.sql !== '') await touched.ask?.(change.sql)
      },
    })
    touched.ask = world.ask
    change.sql = `update plant.device set name = 'in the hold' where id = 3`
    await expect(changeTo(world.ctx, 'dualwrite')).rejects.toMatchObject({ code: 'HF-K013' })
    expect(await stateOf(world)).toMatchObject({ stage: 'live', phase: 'open' })
    await expect(changeTo(world.ctx, 'dualwrite')).rejects.toMatchObject({
      code: 'HF-K011',
      message: expect.stringContaining('HF-G020 changed in the target: device') as unknown,
    })
    expect(await changeTo(world.ctx, 'dualwrite', { accept: ['HF-G020'] })).toMatchObject({ primary: 'source' })
    // The way to the next cutover: the copy puts the target right, a verify proves it.
    expect(await world.verify()).toBe(false)
    await expect(changeTo(world.ctx, 'live')).rejects.toMatchObject({ code: 'HF-K011' })
    expect(await world.verify()).toBe(true)
    expect(await changeTo(world.ctx, 'live')).toMatchObject({ primary: 'target' })
    expect(await relationalFaults(world)).toEqual([])
  })

  test('killed in the hold: the target stays primary, the next one works', async () => {
    const { world, writer } = await live()
    await write(writer, world, 960)
    expect(await killedAt(world, 'dualwrite', 'rollback.in-hold')).toBe('SIGKILL')
    expect(await stateOf(world)).toMatchObject({ stage: 'live', primary: 'target' })
    expect(await changeTo(world.ctx, 'dualwrite')).toMatchObject({ primary: 'source' })
    expect(await world.lines('select count(*) from reading where id = 960')).toEqual(['1'])
  })

  test('finish: not while the source waits for records, not under living writers, not with the books of another migration; twice', async () => {
    const { world, writer } = await live({ carries: false })
    const end = (options: Parameters<typeof finish>[2]): ReturnType<typeof finish> =>
      withSession(world.ctx.target, (session) => finish(session, world.ctx.migrationId, options))
    await world.ask(
      `insert into hyperferry.outbox (migration_id, epoch, writer_id, record) values (${world.ctx.migrationId}, 1, ${writer.id}, '{}')`,
    )
    await expect(end({})).rejects.toMatchObject({
      code: 'HF-K011',
      message: expect.stringContaining('HF-G012') as unknown,
    })
    const given = { accept: ['HF-G012'], reason: 'no way back wanted' }
    await expect(end({ ...given, drop: true })).rejects.toMatchObject({
      message: expect.stringContaining('HF-G013 w1 would fail') as unknown,
    })
    const { epoch } = await stateOf(world)
    expect(await end(given)).toMatchObject({ epoch: epoch + 1, primary: 'target' })
    expect(await end(given)).toMatchObject({ epoch: epoch + 1, notes: ['The migration was complete already.'] })
    await expect(changeTo(world.ctx, 'dualwrite')).rejects.toMatchObject({ code: 'HF-K012' })
    await writer.close()
    await world.ask(
      `insert into hyperferry.migration (name, plan_hash, plan, source_identity, source, target_identity, tool) values ('other', '', '{}', '', '', '', '')`,
    )
    await expect(end({ ...given, drop: true })).rejects.toMatchObject({
      message: expect.stringContaining('books of other') as unknown,
    })
    await world.ask(`delete from hyperferry.migration where name = 'other'`)
    await world.ask(`with one as (
      insert into hyperferry.import (name, named, target_schema, target, file, reading, tool) values ('i', true, 'public', 't', 'f', '{}', '') returning id)
      insert into hyperferry.import_index (import_id, table_oid, index_schema, index_name, definition) select id, 1, 'public', 'by_n', '' from one`)
    await expect(end({ ...given, drop: true })).rejects.toMatchObject({
      message: expect.stringContaining('HF-G021 public.by_n') as unknown,
    })
    await world.ask(`delete from hyperferry.import_index`)
    await end({ ...given, drop: true })
    expect(await world.ask(`select from pg_namespace where nspname = 'hyperferry'`)).toEqual([])
  })
})

/** The same step with another text in the place of some statement. */
function withSql(ctx: StepContext, change: (sql: string) => string): StepContext {
  const wrap = (session: Session): Session =>
    new Proxy(session, {
      get(of, key) {
        if (key === 'query') return (sql: string, params?: readonly unknown[]) => of.query(change(sql), params)
        const value: unknown = Reflect.get(of, key)
        return typeof value === 'function' ? value.bind(of) : value
      },
    })
  const target = {
    ...ctx.target,
    session: async (options?: { extra?: boolean }) => wrap(await ctx.target.session(options)),
  }
  return { ...ctx, target }
}

/** Replaces `from`, and fails when it never came by: a mutant that is none proves nothing. */
function mutant(from: string, to: string): { change: (sql: string) => string; used: () => boolean } {
  let used = false
  return {
    change(sql) {
      if (!sql.includes(from)) return sql
      used = true
      return sql.replaceAll(from, to)
    },
    used: () => used,
  }
}

suite('tools that are wrong are found out', () => {
  test('without sequences the first insert of the application fails with 23505', async () => {
    const world = await worldOf('sqlite')
    await ready(world)
    await world.source(`insert into device (id, name) values (4, 'four')`)
    const wrong = mutant(
      'select pg_catalog.setval($1::pg_catalog.regclass, $2::pg_catalog.int8, $3)',
      'select $1::text, $2::text, $3::boolean',
    )
    await changeTo(withSql(world.ctx, wrong.change), 'live')
    expect(wrong.used()).toBe(true)
    await expect(insertsWork(world)).rejects.toMatchObject({ sqlstate: '23505' })
  })

  test('one that does not wait for a writer is stopped by the counts', async () => {
    const world = await worldOf('sqlite')
    await ready(world)
    const slow = await join(world, { name: 'slow' })
    slow.owe(await owed(world, 900, endOfTest()))
    const wrong = mutant(`from hyperferry.writer where`, `from hyperferry.writer where name <> 'slow' and`)
    await expect(changeTo(withSql(world.ctx, wrong.change), 'live')).rejects.toMatchObject({ code: 'HF-K013' })
    expect(wrong.used()).toBe(true)
    expect((await stateOf(world)).stage).toBe('dualwrite')
  })

  test('one that forgets changed rows in the final copy is stopped by the digest', async () => {
    const world = await worldOf('sqlite')
    await ready(world)
    await world.source(`update device set name = 'new' where id = 2`)
    const wrong = mutant(
      'update "plant"."device" as t set',
      'update "plant"."device" as t set "id" = t."id" from (select) as x where false; --',
    )
    const forget = (sql: string): string =>
      sql.includes('u0 as (update')
        ? wrong.change(sql).replace(/u0 as \(update[^]*?returning 1\)/, 'u0 as (select 1 where false)')
        : sql
    await expect(changeTo(withSql(world.ctx, forget), 'live')).rejects.toMatchObject({ code: 'HF-K014' })
  })

  test('roles cannot be committed after the hold has ended; the statement without that condition can', async () => {
    const world = await worldOf('sqlite')
    const { target, migrationId } = world.ctx
    const holdId = '00000000-0000-4000-8000-000000000001'
    const late = async (
      use: (session: Session) => Promise<number | null>,
      ctx: StepContext,
    ): Promise<number | null> => {
      await withSession(target, (session) =>
        beginHold(session, migrationId, { id: holdId, phase: 'hold', seconds: 0.05 }),
      )
      await sleep(100)
      return withSession(ctx.target, use)
    }
    const commit = (session: Session): Promise<number | null> =>
      commitRoles(session, migrationId, { holdId, stage: 'live' })
    expect(await late(commit, world.ctx)).toBeNull()
    expect((await stateOf(world)).stage).toBe('dualwrite')
    const wrong = mutant('and hold_expires_at > clock_timestamp()', '')
    expect(await late(commit, withSql(world.ctx, wrong.change))).not.toBeNull()
  })

  test('a hold that ended while the tool was busy: HF-K010, although no writer has ended it', async () => {
    const world = await worldOf('sqlite')
    await ready(world, { hangs: true })
    const ENDED = 'select from hyperferry.dual_write where hold_expires_at < clock_timestamp()'
    let copies = 0
    const slow = new Proxy(world.ctx.source, {
      get(of, key) {
        const value: unknown = Reflect.get(of, key)
        if (key !== 'snapshot') return typeof value === 'function' ? value.bind(of) : value
        return async (use: Parameters<typeof of.snapshot>[0]) => {
          copies += 1
          if (copies === 3) await expect.poll(() => world.ask(ENDED)).toHaveLength(1)
          return of.snapshot(use)
        }
      },
    })
    const { epoch } = await stateOf(world)
    await expect(changeTo({ ...world.ctx, source: slow }, 'live', { hold: 6 })).rejects.toMatchObject({
      code: 'HF-K010',
    })
    expect(await stateOf(world)).toMatchObject({ stage: 'dualwrite', phase: 'open', epoch: epoch + 1 })
    expect(copies).toBe(3)
  })
})
