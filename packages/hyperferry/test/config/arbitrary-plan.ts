// Plans of the right shape with any names and texts; not free of contradictions.
import fc from 'fast-check'
import type { Plan, PlannedColumn, PlannedTable } from '../../src/model.ts'

const word = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }),
  fc.constantFrom(
    '1',
    '01',
    '1.0',
    'null',
    '~',
    'true',
    'yes',
    'on',
    '__proto__',
    'constructor',
    '*',
    '&a',
    '- x',
    '#',
    'a: b',
    "'",
    '"',
    '{',
    ' x ',
    '<<',
    '...',
    '---',
    '0x10',
    '.inf',
    '2024-01-01',
    'é\u2028',
    '\ufeff',
    '!!str',
    'a\nb',
    '\t',
  ),
)
const names = (max: number): fc.Arbitrary<string[]> => fc.uniqueArray(word, { minLength: 0, maxLength: max })
const someNames = fc.uniqueArray(word, { minLength: 1, maxLength: 4 })
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null })
const interval = fc.constantFrom('1 day', '7 days', '6 hours', '100 milliseconds')
const action = fc.constantFrom('no action', 'restrict', 'cascade', 'set null', 'set default' as const)
const unit = fc.constantFrom('s', 'ms', 'us', 'ns' as const)

const rules: fc.Arbitrary<PlannedColumn['rules']> = fc.record(
  {
    zeroDate: fc.constantFrom('null', 'quarantine', '1970-01-01', '1970-01-01 00:00:00'),
    nul: fc.constantFrom('quarantine', 'strip', 'replace' as const),
    invalidText: fc.constantFrom('quarantine', 'replace', 'windows-1252' as const),
    unit,
    timezone: word,
    format: fc.constantFrom('iso', 'julian' as const),
    swappedUuid: fc.boolean(),
  },
  { requiredKeys: [] },
)

const column = (name: string): fc.Arbitrary<PlannedColumn> =>
  fc.record({
    source: fc.oneof(fc.constant(name), word),
    name: fc.constant(name),
    sourceType: fc.oneof(word, fc.constantFrom('', 'bigint(20) unsigned', "enum('a','b''c')")),
    type: fc.oneof(word, fc.constantFrom('numeric(20,0)', 'timestamptz(3)')),
    nullable: fc.boolean(),
    default: orNull(fc.oneof(word, fc.constant(''), fc.constant('0'))),
    identity: fc.boolean(),
    generated: orNull(word),
    comment: orNull(fc.string()),
    rules,
  })

const each = <T>(items: fc.Arbitrary<string[]>, make: (name: string) => fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  items.chain((list) => fc.tuple(...list.map(make)))

const table = (name: string): fc.Arbitrary<PlannedTable> =>
  fc.record({
    source: fc.oneof(fc.constant(name), word),
    name: fc.constant(name),
    kind: fc.constantFrom('timeseries', 'relational' as const),
    reasons: fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
    time: orNull(fc.record({ column: word, unit: orNull(unit) })),
    chunkInterval: orNull(interval),
    columnstore: orNull(fc.record({ segmentBy: names(3), orderBy: names(3), after: interval })),
    split: fc.constantFrom('time', 'pk', 'all' as const),
    axis: orNull(word),
    mode: fc.constantFrom('merge', 'replace' as const),
    existingRows: fc.constantFrom('refuse', 'delete' as const),
    sync: fc.constantFrom('final-copy', 'frozen' as const),
    columns: each(names(5), column),
    keys: fc
      .tuple(
        orNull(word),
        each(names(3), (key) => fc.record({ name: fc.constant(key), columns: someNames })),
      )
      .chain(([primary, unique]) =>
        someNames.map((columns) => [
          ...(primary === null ? [] : [{ name: primary, columns, primary: true }]),
          ...unique.map((key) => ({ ...key, primary: false })),
        ]),
      ),
    indexes: each(names(3), (index) =>
      fc.record({
        name: fc.constant(index),
        unique: fc.boolean(),
        method: fc.constantFrom('btree', 'gin', 'hash' as const),
        parts: someNames,
        where: orNull(word),
      }),
    ),
    foreignKeys: each(names(2), (key) =>
      fc.record({
        name: fc.constant(key),
        columns: someNames,
        references: fc.record({ table: word, columns: someNames }),
        onDelete: action,
        onUpdate: action,
      }),
    ),
    checks: each(names(2), (check) => fc.record({ name: fc.constant(check), expression: fc.string() })),
    comment: orNull(fc.string({ unit: 'binary' })),
    estimatedRows: fc.nat(),
    estimatedBytes: orNull(fc.nat()),
  })

/** Any plan that has the shape of one. */
export const arbitraryPlan: fc.Arbitrary<Plan> = fc.record({
  migration: word,
  source: fc.record({ url: fc.constant('${SOURCE}'), timezone: word, fingerprint: word }),
  target: fc.record({ url: fc.constant('${TARGET}'), schema: word, owner: orNull(word) }),
  tables: each(names(4), table),
  exclude: names(3),
  dualWrite: fc.record({
    writers: orNull(fc.integer({ min: 1, max: 1000 })),
    maxLateness: fc.constantFrom('1 hour', '6 hours', '90 seconds'),
  }),
  backfill: fc.record(
    {
      workers: fc.integer({ min: 1, max: 64 }),
      taskRows: fc.integer({ min: 1, max: 1e9 }),
      pauseWhen: fc.record(
        {
          sourceThreadsRunning: fc.integer({ min: 2, max: 1000 }),
          targetReplicationLag: fc.constantFrom('30 s', '2 minutes', '500ms'),
          targetWalRate: fc.constantFrom('50 MB', '1GB'),
        },
        { requiredKeys: [] },
      ),
      window: fc.constantFrom('22:00-06:00', '00:00-24:00 Europe/Berlin'),
      writerSlowdown: fc.constantFrom<number | 'off'>(2, 3.5, 'off'),
    },
    { requiredKeys: ['workers', 'taskRows'] },
  ),
  verify: fc.record({ sampleRows: fc.nat() }),
})
