import { expect, test } from 'vitest'
import { compileCollection } from '../../src/contract/compile.ts'
import type { CompiledCollection } from '../../src/contract/compile.ts'
import { ContractError, DeclarationError } from '../../src/errors.ts'
import type { CollectionContract, ContractColumn } from '../../src/model.ts'

type Short = Partial<ContractColumn> & { source: string; sourceType: string; type: string }

function compiled(columns: Short[], rest: Partial<CollectionContract> = {}, engine: 'mysql' | 'sqlite' = 'mysql') {
  const full = columns.map((column) => ({
    name: `${column.source}_t`,
    collation: null,
    nullable: true,
    rules: {},
    fill: { kind: 'none' as const },
    ...column,
  }))
  const contract: CollectionContract = {
    source: 'readings',
    schema: 'public',
    target: 'readings_t',
    columns: full,
    key: null,
    time: null,
    ...rest,
  }
  return compileCollection(contract, { engine, timezone: 'Europe/Berlin' })
}

const id: Short = { source: 'id', sourceType: 'bigint', type: 'bigint', nullable: false }
const at: Short = { source: 'at', sourceType: 'datetime(3)', type: 'timestamptz(3)', nullable: false }
const price: Short = { source: 'price', sourceType: 'decimal(10,2)', type: 'numeric(10,2)' }

function refusal(collection: CompiledCollection, rows: Record<string, unknown>[]): ContractError {
  try {
    collection.normalise(rows)
  } catch (error) {
    if (error instanceof ContractError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

test('one value, once as the source and once as the target takes it', () => {
  const readings = compiled([id, at, price], { key: ['id_t'], time: { column: 'at_t', unit: null } })
  const record = readings.normalise([{ id: 7, at: '2024-06-01 12:00:00.1239', price: 1.005 }])
  expect(readings.toSource(record)).toEqual({
    columns: ['id', 'at', 'price'],
    rows: [['7', '2024-06-01 12:00:00.123', '1.01']],
    key: ['id'],
    capture: null,
    utc: false,
  })
  expect(readings.toTarget(record)).toEqual({
    columns: ['id_t', 'at_t', 'price_t'],
    types: ['bigint', 'timestamptz(3)', 'numeric(10,2)'],
    rows: [['7', '2024-06-01 10:00:00.123000+00', '1.01']],
    key: ['id_t'],
  })
  expect(readings.instants(record)).toEqual([1_717_236_000_123_000n])
  expect(readings.losses).toEqual(
    new Map([
      ['at', new Map([['HF-L001', 1]])],
      ['price', new Map([['HF-L006', 1]])],
    ]),
  )
})

test('time is cut towards the past, before 1970 too, and never rounded', () => {
  const readings = compiled([{ ...at, type: 'timestamptz(0)' }], { time: { column: 'at_t', unit: null } })
  const given = [{ at: new Date(-1) }, { at: '1969-12-31T23:59:59.9999999Z' }, { at: '2023-12-31T22:59:59.999Z' }]
  expect(readings.instants(readings.normalise(given))).toEqual([-1_000_000n, -1_000_000n, 1_704_063_599_000_000n])
})

test('decimals are rounded half away from zero, in their shortest text', () => {
  const prices = compiled([price])
  const given = [1.005, -1.005, '2.675', '0.0049999999999999999', 1e-7, 12n, '-0.004']
  const { rows } = prices.normalise(given.map((value) => ({ price: value })))
  expect(rows.flat()).toEqual(['1.01', '-1.01', '2.68', '0.00', '0.00', '12.00', '0.00'])
})

test('a row that is refused takes the whole call with it, and nothing is counted', () => {
  const prices = compiled([id, price])
  const error = refusal(prices, [
    { id: 1, price: 1.005 },
    { id: 2, price: 'x' },
  ])
  expect(error).toMatchObject({ code: 'HF-DW04', collection: 'readings', column: 'price', row: 1 })
  expect(prices.losses.size).toBe(0)
  prices.normalise([{ id: 1, price: 1.005 }])
  expect(prices.losses.get('price')).toEqual(new Map([['HF-L006', 1]]))
})

test('the message of a refusal never holds the value', () => {
  const secret = 'hunter2-hunter2'
  const short = compiled([{ source: 'v', sourceType: 'varchar(4)', type: 'varchar(4)' }])
  for (const value of [secret, { secret }]) expect(refusal(short, [{ v: value }]).message).not.toContain('hunter2')
  for (const sourceType of ['int', 'decimal(4,2)', 'double', "enum('a')", 'datetime', 'time', 'json', 'uuid']) {
    const type = { int: 'integer', double: 'double precision', datetime: 'timestamptz', time: 'time', json: 'jsonb' }
    const target = type[sourceType as keyof typeof type] ?? (sourceType.startsWith('dec') ? 'numeric' : 'text')
    expect(refusal(compiled([{ source: 'v', sourceType, type: target }]), [{ v: secret }]).message).not.toContain(
      secret,
    )
  }
})

test('columns nobody knows, NULL where there is none, and generated ones are refused', () => {
  const twice: Short = { source: 'twice', sourceType: 'bigint', type: 'bigint', fill: { kind: 'generated' } }
  const slow: Short = { source: 'slow', sourceType: 'bigint', type: 'bigint', fill: { kind: 'expression' } }
  const readings = compiled([id, twice, slow])
  expect(refusal(readings, [{ id: 1, slow: 1, other: 1 }])).toMatchObject({ column: 'other', row: 0 })
  expect(refusal(readings, [{ id: null, slow: 1 }])).toMatchObject({ column: 'id' })
  expect(refusal(readings, [{ slow: 1 }])).toMatchObject({ column: 'id' })
  expect(refusal(readings, [{ id: 1, slow: 1, twice: 2 }])).toMatchObject({ column: 'twice' })
  expect(refusal(readings, [{ id: 1 }])).toMatchObject({ column: 'slow' })
  expect(readings.normalise([{ id: 1, slow: 2, twice: undefined }])).toEqual({
    columns: ['id', 'slow'],
    rows: [[1n, 2n]],
  })
})

test('rows of one call have one set of columns', () => {
  const note: Short = { source: 'note', sourceType: 'varchar(9)', type: 'varchar(9)' }
  const state: Short = { ...note, source: 'state', nullable: false, fill: { kind: 'literal', value: 'new' } }
  const readings = compiled([id, note, state])
  expect(readings.normalise([{ id: 1 }, { id: 2, note: 'x' }, { id: 3, state: 'old' }])).toEqual({
    columns: ['id', 'note', 'state'],
    rows: [
      [1n, null, 'new'],
      [2n, 'x', 'new'],
      [3n, null, 'old'],
    ],
  })
  expect(readings.normalise([{ id: 1 }]).columns).toEqual(['id', 'state'])
  expect(readings.normalise([]).rows).toEqual([])
})

test('an identity is given by every row or by none; NULL and, in MySQL, 0 ask for the next one', () => {
  const identity: Short = { ...id, fill: { kind: 'identity' } }
  const readings = compiled([identity, price], { key: ['id_t'] })
  for (const rows of [[{ price: 1 }], [{ id: null, price: 1 }], [{ id: 0, price: 1 }]]) {
    const record = readings.normalise(rows)
    expect(record.columns).toEqual(['price'])
    expect(readings.toSource(record)).toMatchObject({ capture: 'id', key: null })
  }
  expect(readings.toSource(readings.normalise([{ id: 5, price: 1 }]))).toMatchObject({ capture: null, key: ['id'] })
  expect(refusal(readings, [{ id: 5 }, { price: 1 }])).toMatchObject({ column: 'id' })
  const lite = compiled([{ ...identity, sourceType: 'integer' }], {}, 'sqlite')
  expect(lite.normalise([{ id: 0 }]).rows).toEqual([[0n]])
})

test('what a store gave for an identity is a cell too', () => {
  const readings = compiled([{ ...id, fill: { kind: 'identity' } }])
  for (const cell of [7, 7n, '7']) {
    const record = { columns: ['id'], rows: [[cell]] }
    expect(readings.toTarget(record).rows).toEqual([['7']])
    expect(readings.toSource(record).rows).toEqual([['7']])
  }
})

test('the present is one instant for a call, cut to its digits, and the same for both stores', () => {
  const now: Short = { ...at, sourceType: 'datetime', type: 'timestamptz', fill: { kind: 'now', precision: 0 } }
  const readings = compiled([id, now], { time: { column: 'at_t', unit: null } })
  const before = BigInt(Date.now()) * 1000n
  const record = readings.normalise([{ id: 1 }, { id: 2 }])
  const [first, second] = readings.instants(record)
  expect(first).toBe(second)
  expect(first! % 1_000_000n).toBe(0n)
  expect(before - first!).toBeLessThan(2_000_000n)
})

test('SQLite gets the present as its own CURRENT_TIMESTAMP writes it', () => {
  const now: Short = { source: 'at', sourceType: 'datetime', type: 'timestamptz', rules: { timezone: 'UTC' } }
  const readings = compiled([{ ...now, fill: { kind: 'now', precision: 0 } }, id], {}, 'sqlite')
  expect(readings.toSource(readings.normalise([{ id: 1 }])).rows[0]?.[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
})

test('UUIDs are made once for both stores, and each row has its own', () => {
  const uuid: Short = { source: 'u', sourceType: 'binary(16)', type: 'uuid', fill: { kind: 'uuid' } }
  const readings = compiled([id, uuid])
  const record = readings.normalise([{ id: 1 }, { id: 2 }])
  const sources = readings.toSource(record).rows.map((row) => Buffer.from(row[1] as Uint8Array).toString('hex'))
  const targets = readings.toTarget(record).rows.map((row) => row[1]?.replaceAll('-', ''))
  expect(sources).toEqual(targets)
  expect(new Set(sources).size).toBe(2)
})

test('TIMESTAMP is written in UTC', () => {
  const readings = compiled([{ ...at, sourceType: 'timestamp(3)' }])
  const record = readings.normalise([{ at: '2024-06-01T12:00:00+02:00' }])
  expect(readings.toSource(record)).toMatchObject({ rows: [['2024-06-01 10:00:00.000']], utc: true })
})

test('a buffer of the application may be used again', () => {
  const readings = compiled([{ source: 'b', sourceType: 'blob', type: 'bytea' }])
  const buffer = Buffer.from('one')
  const record = readings.normalise([{ b: buffer }])
  buffer.write('two')
  expect(readings.toTarget(record).rows).toEqual([['\\x6f6e65']])
})

test('an integer column of time: its raw number is the instant, and a Date is an epoch of its unit', () => {
  const epoch: Short = { source: 'at', sourceType: 'bigint', type: 'bigint', nullable: false }
  const readings = compiled([epoch], { time: { column: 'at_t', unit: 'ms' } })
  expect(readings.instants(readings.normalise([{ at: 12 }, { at: new Date(34) }]))).toEqual([12n, 34n])
  expect(refusal(readings, [{ at: 1.5 }])).toMatchObject({ column: 'at' })
  expect(refusal(readings, [{ at: null }])).toMatchObject({ column: 'at' })
})

test('what has no rule is refused when it is declared, with the column and its types', () => {
  const point: Short = { source: 'p', sourceType: 'point', type: 'text' }
  expect(() => compiled([point])).toThrow(DeclarationError)
  expect(() => compiled([point])).toThrow(/column p: no rule for point .* text/)
  expect(() => compiled([{ ...point, type: 'hstore' }])).toThrow(DeclarationError)
  expect(() => compiled([{ ...at, rules: { timezone: 'Mars/Olympus' } }])).toThrow(DeclarationError)
  expect(() => compiled([{ ...at, rules: { timezone: '+02:00' } }])).toThrow(DeclarationError)
})
