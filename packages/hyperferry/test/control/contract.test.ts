import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Contract } from '../../../dual-write/src/model.ts'
import { contractHash, contractOf, mustCompile } from '../../src/control/contract.ts'
import type { Plan, PlannedColumn } from '../../src/model.ts'
import { draftInput, planOf } from '../steps/plan/given.ts'
import type { Given, GivenTable } from '../steps/plan/given.ts'
import { arbitraryGiven } from '../steps/plan/arbitrary-given.ts'

function made(given: Given, edit: (plan: Plan) => Plan = (plan) => plan): Contract {
  const input = draftInput(given)
  return contractOf(edit(planOf(input)), 'mysql', input.inventory) as unknown as Contract
}

const reading: GivenTable = {
  columns: {
    id: { type: 'bigint(20)', to: 'bigint', autoIncrement: true },
    ts: { type: 'datetime(3)', to: 'timestamptz(3)', default: { kind: 'now', precision: 3 } },
    device: { type: 'varchar(20)', to: 'varchar(20)', collation: 'utf8mb4_general_ci' },
    tag: { type: 'varchar(9)', to: 'varchar(9)', nullable: true, default: { kind: 'literal', value: 'x' } },
    uid: { type: 'char(36)', to: 'uuid', default: { kind: 'uuid' } },
    odd: { type: 'int(11)', nullable: true, default: { kind: 'expression', sql: 'f()' } },
  },
  key: ['id'],
  rows: 1_000_000,
  times: [{ column: 'ts', access: 'index', rowsPerDay: 50_000 }],
}
const device: GivenTable = { columns: { id: {}, name: { type: 'text', to: 'text' } }, key: ['id'], rows: 10 }
const given: Given = { tables: { reading, device } }

const editColumn =
  (name: string, change: Partial<PlannedColumn>) =>
  (plan: Plan): Plan => ({
    ...plan,
    tables: plan.tables.map((table) => ({
      ...table,
      columns: table.columns.map((column) => (column.name === name ? { ...column, ...change } : column)),
    })),
  })

test('says of each column what both databases hold and what stands in for it', () => {
  const contract = made(given)
  expect({ ...contract, collections: contract.collections.map(({ source }) => source) }).toEqual({
    version: 1,
    engine: 'mysql',
    timezone: 'UTC',
    collections: ['reading'],
  })
  const [collection] = contract.collections
  expect(collection).toMatchObject({
    schema: 'public',
    target: 'reading',
    key: ['id', 'ts'],
    time: { column: 'ts', unit: null },
  })
  expect(collection?.columns.map(({ source, fill }) => [source, fill])).toEqual([
    ['id', { kind: 'identity' }],
    ['ts', { kind: 'now', precision: 3 }],
    ['device', { kind: 'none' }],
    ['tag', { kind: 'literal', value: 'x' }],
    ['uid', { kind: 'uuid' }],
    ['odd', { kind: 'expression' }],
  ])
  expect(collection?.columns[2]).toEqual({
    source: 'device',
    name: 'device',
    sourceType: 'varchar(20)',
    collation: 'utf8mb4_general_ci',
    type: 'varchar(20)',
    nullable: false,
    rules: {},
    fill: { kind: 'none' },
  })
})

test('NULL only where both sides take it', () => {
  const nullable = (contract: Contract) => contract.collections[0]?.columns.find(({ name }) => name === 'tag')?.nullable
  expect(nullable(made(given))).toBe(true)
  expect(nullable(made(given, editColumn('tag', { nullable: false })))).toBe(false)
  // A source that takes no NULL: the target could.
  const strict = { ...reading, columns: { ...reading.columns, tag: { ...reading.columns['tag'], nullable: false } } }
  expect(nullable(made({ tables: { reading: strict } }, editColumn('tag', { nullable: true })))).toBe(false)
})

test('a column computed by both is generated; computed by one only, it is refused', () => {
  const generated = { expression: 'upper(device)', stored: true }
  const source = { ...reading, columns: { ...reading.columns, up: { type: 'text', to: 'text', generated } } }
  const both = made({ tables: { reading: source } }, editColumn('up', { generated: 'upper(device)' }))
  expect(both.collections[0]?.columns.at(-1)?.fill).toEqual({ kind: 'generated' })
  const refused = (use: () => unknown, what: RegExp) =>
    expect(use).toThrow(
      expect.objectContaining({ code: 'HF-W012', message: expect.stringMatching(what) as string }) as Error,
    )
  refused(() => made({ tables: { reading: source } }), /reading\.up is generated in the source/)
  refused(() => made(given, editColumn('tag', { generated: "'a'" })), /reading\.tag is generated in the target/)
  refused(() => made(given, editColumn('id', { identity: false })), /reading\.id is numbered by the source/)
})

test('a column that the library has no rule for is told when the contract is made', () => {
  const contract = (type: string) =>
    made(given, editColumn('tag', { type })) as unknown as Parameters<typeof mustCompile>[0]
  expect(() => mustCompile(contract('varchar(9)'))).not.toThrow()
  expect(() => mustCompile(contract('point'))).toThrow(
    expect.objectContaining({ code: 'HF-W012', message: expect.stringContaining('tag') as string }) as Error,
  )
})

test('a column left out of the plan is refused when the source wants a value for it', () => {
  const without = (name: string) => (plan: Plan) => ({
    ...plan,
    tables: plan.tables.map((table) => ({ ...table, columns: table.columns.filter((one) => one.name !== name) })),
  })
  expect(() => made(given, without('device'))).toThrow(expect.objectContaining({ code: 'HF-W012' }) as Error)
  expect(made(given, without('uid')).collections[0]?.columns).toHaveLength(5)
  expect(made(given, without('tag')).collections[0]?.columns).toHaveLength(5)
})

test('a table or column that the source has not is no contract', () => {
  const input = draftInput(given)
  const plan = planOf(input)
  const gone = { ...input.inventory, tables: input.inventory.tables.filter(({ name }) => name !== 'reading') }
  expect(() => contractOf(plan, 'mysql', gone)).toThrow(expect.objectContaining({ code: 'HF-P021' }) as Error)
  expect(() => contractOf(editColumn('tag', { source: 'tog' })(plan), 'mysql', input.inventory)).toThrow(
    expect.objectContaining({ code: 'HF-P021' }) as Error,
  )
})

test('of any plan: time series only, keys that tell rows apart, JSON that survives, the same text for the same plan', () => {
  let keyless = 0
  let keyed = 0
  fc.assert(
    fc.property(arbitraryGiven, (any) => {
      const input = draftInput(any)
      const plan = planOf(input)
      // What is numbered by one side alone is refused, which another test looks at.
      for (const table of input.inventory.tables) for (const column of table.columns) column.autoIncrement = false
      const contract = contractOf(plan, 'sqlite', input.inventory)
      expect(JSON.parse(JSON.stringify(contract))).toEqual(contract)
      expect(contractHash(contractOf(plan, 'sqlite', input.inventory))).toBe(contractHash(contract))
      const { collections } = contract as unknown as Contract
      const series = plan.tables.filter(({ kind }) => kind === 'timeseries')
      expect(collections.map(({ source }) => source)).toEqual(series.map(({ source }) => source))
      for (const [i, collection] of collections.entries()) {
        const table = series[i]
        if (table === undefined) throw new Error('no table')
        const never = new Set(table.columns.filter(({ nullable }) => !nullable).map(({ name }) => name))
        const sure = table.keys.filter((key) => key.columns.every((name) => never.has(name)))
        const best = (sure.find(({ primary }) => primary) ?? sure[0])?.columns ?? null
        expect(collection.key).toEqual(best)
        if (best === null) keyless++
        else keyed++
      }
    }),
    { seed: 21, numRuns: 300 },
  )
  expect(keyless).toBeGreaterThan(10)
  expect(keyed).toBeGreaterThan(10)
})
