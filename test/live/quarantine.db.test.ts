// Rows of the quarantine settled while the application writes: the final copy and verify keep to what was decided.
import { expect, onTestFinished, test } from 'vitest'
import { listQuarantine } from '../../packages/hyperferry/src/control/quarantine.ts'
import type { Plan } from '../../packages/hyperferry/src/model.ts'
import { discard, fix, retry } from '../../packages/hyperferry/src/steps/quarantine.ts'
import { verify } from '../../packages/hyperferry/src/steps/verify.ts'
import { withSession } from '../../packages/hyperferry/src/target/with-session.ts'
import { MemoryBudget } from '../../packages/hyperferry/src/work/budget.ts'
import { finalCopy } from '../../packages/hyperferry/src/work/final-copy.ts'
import { describeWith } from '../servers/index.ts'
import { cutoverWorld } from './cutover-world.ts'
import type { CutoverWorld, Engine } from './cutover-world.ts'

const suite = await describeWith('pg17', 'mariadb')
const NO_RETRY = { attempts: 0, firstMs: 1, longestMs: 1 }

async function worldOf(engine: Engine, change: (plan: Plan) => void = () => {}): Promise<CutoverWorld> {
  const text = engine === 'sqlite' ? (n: number) => `'${n}' || char(0)` : (n: number) => `concat('${n}', char(0))`
  const world = await cutoverWorld(
    engine,
    'pg17',
    change,
    `insert into sensor (id, device_id, unit) values (4, 1, ${text(4)}), (5, 2, ${text(5)}), (6, 3, ${text(6)});
     insert into reading (id, at, device_id) values (998, 1000000000000000000, 1), (999, 1000000000000000000, 2)`,
  )
  onTestFinished(() => world.close())
  return world
}

async function idsOf({ ctx }: CutoverWorld): Promise<Map<string, string>> {
  const rows = await withSession(ctx.target, (session) => listQuarantine(session, ctx.migrationId, { all: true }))
  return new Map(rows.map(({ id, table, key }) => [`${table} ${key['id']}`, id]))
}

const copy = ({ ctx }: CutoverWorld) =>
  finalCopy(
    { target: ctx.target, budget: new MemoryBudget(), events: ctx.events, retry: NO_RETRY, stop: undefined },
    ctx,
  )

async function equal({ ctx }: CutoverWorld): Promise<(boolean | null)[]> {
  const said = []
  for (const level of ['count', 'digest', 'rows'] as const) said.push((await verify(ctx, { level })).equal)
  return said
}

suite.each<Engine>(['mariadb'])('quarantine of %s in stage dualwrite', (engine) => {
  test('decisions stay as they are through every final copy', async () => {
    const world = await worldOf(engine)
    const { ctx } = world
    const ids = await idsOf(world)
    const id = (name: string): string => ids.get(name) ?? 'none'
    expect(ids.size).toBe(5)
    await world.source(`update sensor set unit = 'six' where id = 6`)
    await world.source(`update reading set at = 1700000000000 where id = 998`)
    expect((await retry(ctx, { ids: [id('sensor 6'), id('reading 998')] })).counts.delivered).toBe(2)
    const fixed = await fix(ctx, [
      { id: id('sensor 4'), set: { unit: 'four' } },
      { id: id('reading 999'), set: { at: '2024-01-01 00:00:00+00' } },
    ])
    expect(fixed).toMatchObject({ counts: { fixed: 2, left: 0 }, open: 1 })
    expect((await discard(ctx, { ids: [id('sensor 5')] }, 'five is right')).open).toBe(0)
    expect(await equal(world)).toEqual([true, true, true])

    expect((await copy(world)).tables.map(({ changes }) => changes)).toEqual([null, null, null])
    await world.source(`update sensor set unit = 'K' where id = 1`)
    const [sensor] = (await copy(world)).tables.filter(({ name }) => name === 'sensor')
    expect(sensor).toMatchObject({ quarantined: 1, changes: { inserted: 0, updated: 1, deleted: 0 } })
    expect(await world.ask('select id::int, unit from plant.sensor where id in (1, 4, 5, 6) order by id')).toEqual([
      { id: 1, unit: 'K' },
      { id: 4, unit: 'four' },
      { id: 6, unit: 'six' },
    ])
    expect(await equal(world)).toEqual([true, true, true])
    const open = await world.ask(`select count(*)::int as n from hyperferry.quarantine_row where status = 'open'`)
    expect(open).toEqual([{ n: 0 }])

    // Mended in the source: the decision has nothing to say any more.
    await world.source(`update sensor set unit = 'mended' where id in (4, 5)`)
    expect((await copy(world)).tables.find(({ name }) => name === 'sensor')).toMatchObject({ quarantined: 0 })
    expect(await world.ask('select id::int, unit from plant.sensor where id in (4, 5) order by id')).toEqual([
      { id: 4, unit: 'mended' },
      { id: 5, unit: 'mended' },
    ])
    expect(await equal(world)).toEqual([true, true, true])

    // A fixed series row that is lost shows.
    await world.ask('delete from plant.reading where id = 999')
    for (const level of ['digest', 'rows'] as const) expect((await verify(ctx, { level })).equal).toBe(false)
  })

  test('what cannot be is refused with a code', async () => {
    const world = await worldOf(engine)
    const { ctx } = world
    const id = (await idsOf(world)).get('reading 999') ?? 'none'
    const replaced = {
      ...ctx,
      plan: { ...ctx.plan, tables: ctx.plan.tables.map((one) => ({ ...one, mode: 'replace' as const })) },
    }
    const set = { at: '2024-01-01 00:00:00+00' }
    for (const settling of [
      () => fix(replaced, [{ id, set }]),
      () => retry(replaced, { ids: [id] }),
      () => discard(replaced, { ids: [id] }, 'x'),
    ])
      await expect(settling()).rejects.toMatchObject({ code: 'HF-Q006', exitCode: 4 })
    await world.ask(`update hyperferry.dual_write set stage = 'live', primary_store = 'target'`)
    await expect(fix(ctx, [{ id, set }])).rejects.toMatchObject({ code: 'HF-Q006' })
    await expect(retry(ctx, { ids: [id] })).rejects.toMatchObject({ code: 'HF-Q006' })
    expect((await discard(ctx, { ids: [id] }, 'x')).counts.discarded).toBe(1)
  })
})
