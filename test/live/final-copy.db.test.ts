// The final copy of the relational tables: whatever was done to the source between two copies, the target holds the same afterwards.
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { finalCopy } from '../../packages/hyperferry/src/work/final-copy.ts'
import type { FinalCopy } from '../../packages/hyperferry/src/work/final-copy.ts'
import { MemoryBudget } from '../../packages/hyperferry/src/work/budget.ts'
import { describeWith } from '../servers/index.ts'
import { cutoverWorld, relationalFaults } from './cutover-world.ts'
import type { CutoverWorld, Engine } from './cutover-world.ts'

const suite = await describeWith('pg17', 'mariadb')
const NO_RETRY = { attempts: 0, firstMs: 1, longestMs: 1 }

function copy({ ctx }: CutoverWorld): Promise<FinalCopy> {
  const { target, events } = ctx
  return finalCopy({ target, budget: new MemoryBudget(), events, retry: NO_RETRY, stop: undefined }, ctx)
}

async function worldOf(...args: Parameters<typeof cutoverWorld>): Promise<CutoverWorld> {
  const world = await cutoverWorld(...args)
  onTestFinished(() => world.close())
  return world
}

/** Ids from 10 on are the test's: those below have readings. */
const id = fc.integer({ min: 10, max: 16 })
const parent = fc.option(fc.integer({ min: 1, max: 16 }), { nil: null })
const change = fc.oneof(
  fc.record({ kind: fc.constant('device' as const), id, parent, name: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ kind: fc.constant('no device' as const), id }),
  fc.record({ kind: fc.constant('names' as const), a: fc.integer({ min: 1, max: 16 }), b: id }),
  fc.record({ kind: fc.constant('sensor' as const), id, device: fc.integer({ min: 1, max: 16 }) }),
  fc.record({ kind: fc.constant('no sensor' as const), id: fc.integer({ min: 1, max: 16 }) }),
  fc.record({ kind: fc.constant('note' as const), device: id, body: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ kind: fc.constant('no notes' as const), body: fc.integer({ min: 0, max: 2 }) }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** The source after the changes, kept such that its foreign keys hold. */
class Model {
  devices = new Map<number, { parent: number | null; name: string }>([
    [1, { parent: null, name: 'd1' }],
    [2, { parent: 1, name: 'd2' }],
    [3, { parent: 1, name: 'd3' }],
  ])
  sensors = new Map<number, { device: number; unit: string | null }>([
    [1, { device: 1, unit: 'kW' }],
    [2, { device: 2, unit: null }],
    [3, { device: 3, unit: 'K' }],
  ])
  notes: [number, string][] = [
    [1, 'same'],
    [1, 'same'],
    [2, 'other'],
  ]

  do(one: Change): void {
    const { devices, sensors } = this
    if (one.kind === 'device') {
      const name = `n${one.name}`
      const taken = [...devices].some(([key, each]) => key !== one.id && each.name === name)
      if (!taken && (one.parent === null || devices.has(one.parent) || one.parent === one.id))
        devices.set(one.id, { parent: one.parent, name })
    } else if (one.kind === 'no device') {
      const isUsed =
        [...devices].some(([key, { parent: up }]) => key !== one.id && up === one.id) ||
        [...sensors.values()].some(({ device }) => device === one.id)
      if (!isUsed) devices.delete(one.id)
    } else if (one.kind === 'names') {
      const [a, b] = [devices.get(one.a), devices.get(one.b)]
      if (a && b && a !== b) [a.name, b.name] = [b.name, a.name]
    } else if (one.kind === 'sensor') {
      if (devices.has(one.device)) sensors.set(one.id, { device: one.device, unit: null })
    } else if (one.kind === 'no sensor') sensors.delete(one.id)
    else if (one.kind === 'note') this.notes.push([one.device, `b${one.body}`])
    else this.notes = this.notes.filter(([, body]) => body !== `b${one.body}`)
  }

  /** Statements that put the source into this state; foreign keys are not looked at on the way. */
  sql(): string {
    const text = (value: string | number | null): string =>
      value === null ? 'null' : typeof value === 'number' ? String(value) : `'${value}'`
    const rows = (list: (string | number | null)[][]): string =>
      list.map((row) => `(${row.map(text).join(', ')})`).join(', ')
    const fill = (into: string, list: (string | number | null)[][]): string =>
      list.length === 0 ? '' : `insert into ${into} values ${rows(list)};`
    return `delete from sensor; delete from note; delete from device;
      ${fill(
        'device (id, parent_id, name)',
        [...this.devices].map(([key, each]) => [key, each.parent, each.name]),
      )}
      ${fill(
        'sensor (id, device_id, unit)',
        [...this.sensors].map(([key, each]) => [key, each.device, each.unit]),
      )}
      ${fill('note (device_id, body)', this.notes)}`
  }
}

suite('final copy', () => {
  for (const [engine, numRuns] of [
    ['sqlite', 40],
    ['mariadb', 15],
  ] as const satisfies [Engine, number][]) {
    test(
      `${engine}: any changes: the same rows, foreign keys hold, books agree; a second time changes nothing`,
      { timeout: 120_000 },
      async () => {
        const world = await worldOf(engine)
        const model = new Model()
        expect((await copy(world)).tables.map(({ changes }) => changes)).toEqual([null, null, null])
        let swapped = 0
        await fc.assert(
          fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
            for (const one of changes) model.do(one)
            swapped += changes.filter(({ kind }) => kind === 'names').length
            await world.source(model.sql())
            await copy(world)
            expect(await relationalFaults(world)).toEqual([])
            expect((await copy(world)).tables.map(({ changes: made }) => made)).toEqual([null, null, null])
          }),
          { seed: 20261126, numRuns },
        )
        expect(swapped).toBeGreaterThan(5)
      },
    )
  }

  test('touches the rows that differ and no others', async () => {
    const world = await worldOf('sqlite')
    const before = await world.ask('select xmin::text, id from plant.device order by id')
    await world.source(`update device set name = 'new' where id = 2; insert into device (id, name) values (9, 'nine')`)
    const { tables } = await copy(world)
    expect(tables.find(({ name }) => name === 'device')?.changes).toEqual({ inserted: 1, updated: 1, deleted: 0 })
    const after = await world.ask<{ xmin: string; id: string }>('select xmin::text, id from plant.device order by id')
    expect(after.filter(({ id: key }) => key === '1' || key === '3')).toEqual([before[0], before[2]])
  })

  test('what somebody changed in the target is put right, although the source is as it was', async () => {
    const world = await worldOf('sqlite')
    await world.ask(`update plant.device set name = 'not mine' where id = 2`)
    await copy(world)
    expect(await relationalFaults(world)).toEqual([])
  })

  test('names that wander between rows that others refer to; not where a foreign key would follow the row', async () => {
    const world = await worldOf('sqlite')
    const swap = `update device set name = 'x' where id = 1; update device set name = 'd1' where id = 2; update device set name = 'd2' where id = 1`
    await world.source(swap)
    await copy(world)
    expect(await relationalFaults(world)).toEqual([])
    await world.ask(`alter table plant.sensor drop constraint sensor_device`)
    await world.ask(
      `alter table plant.sensor add constraint sensor_device foreign key (device_id) references plant.device on delete cascade`,
    )
    await world.source(
      `update device set name = 'x' where id = 1; update device set name = 'd2' where id = 2; update device set name = 'd1' where id = 1`,
    )
    await expect(copy(world)).rejects.toMatchObject({
      code: 'HF-K014',
      hint: expect.stringContaining('device_name') as unknown,
    })
    expect(await world.ask('select id from plant.sensor')).toHaveLength(3)
  })

  test('a trigger that alters rows is not believed', async () => {
    const world = await worldOf('sqlite')
    await world.ask(
      `create function plant.louder() returns trigger language plpgsql as 'begin new.name := upper(new.name); return new; end'`,
    )
    await world.ask('create trigger louder before insert on plant.device for each row execute function plant.louder()')
    await world.source(`insert into device (id, name) values (9, 'nine')`)
    await expect(copy(world)).rejects.toMatchObject({ code: 'HF-K014' })
    expect(await world.ask('select id from plant.device')).toHaveLength(3)
  })

  test('a frozen table that was written is refused, one that was not is compared', async () => {
    const world = await worldOf('sqlite', 'pg17', (plan) => {
      for (const table of plan.tables) if (table.name === 'note') table.sync = 'frozen'
    })
    await copy(world)
    await world.source(`insert into note values (3, 'thawed')`)
    await expect(copy(world)).rejects.toMatchObject({ code: 'HF-K013' })
  })

  test('rows the target refuses go to quarantine and leave it again; what a person has settled stays settled', async () => {
    const world = await worldOf('sqlite')
    await world.ask(`alter table plant.sensor add constraint no_volts check (unit <> 'V')`)
    await world.source(
      `insert into sensor values (8, 1, 'V'), (9, 99, 'A'), (10, 2, 'A'); update sensor set unit = 'V' where id = 1`,
    )
    const first = await copy(world)
    expect(first.tables.find(({ name }) => name === 'sensor')?.quarantined).toBe(3)
    const kept = `select q.key ->> 'id' as id, q.sqlstate, q.status from hyperferry.quarantine q order by 1`
    expect(await world.ask(kept)).toEqual([
      { id: '1', sqlstate: '23514', status: 'open' },
      { id: '8', sqlstate: '23514', status: 'open' },
      { id: '9', sqlstate: '23503', status: 'open' },
    ])
    expect(await world.ask('select id, unit from plant.sensor order by id')).toEqual([
      { id: '2', unit: null },
      { id: '3', unit: 'K' },
      { id: '10', unit: 'A' },
    ])
    await world.ask(
      `update hyperferry.quarantine_row set status = 'discarded', settled_at = now() where key ->> 'id' = '8'`,
    )
    await world.source(`delete from sensor where id in (8, 9); update sensor set unit = 'W' where id = 1`)
    await copy(world)
    expect(await relationalFaults(world)).toEqual([])
    expect(await world.ask(kept)).toEqual([{ id: '8', sqlstate: '23514', status: 'discarded' }])
  })

  test('two rows of the source with one key of the target: the first stays, the other is kept back', async () => {
    const world = await worldOf('sqlite', 'pg17', (plan) => {
      for (const table of plan.tables)
        if (table.name === 'note')
          table.keys.push({ name: 'note_body', columns: ['body', 'device_id'], primary: false })
    })
    expect(await world.ask(`select count(*)::int as n from hyperferry.quarantine where code = 'HF-D020'`)).toEqual([
      { n: 1 },
    ])
    await world.source(`insert into note values (2, 'other'), (3, 'once')`)
    const { tables } = await copy(world)
    expect(tables.find(({ name }) => name === 'note')?.quarantined).toBe(2)
    expect(await world.ask('select device_id, body from plant.note order by 1')).toHaveLength(3)
  })
})
