// Sources with odd names, keys that overlap, references that lead nowhere, types that do not fit together.
import fc from 'fast-check'
import type { SourceForeignKey } from '../../../src/model.ts'
import type { Given, GivenTable } from './given.ts'

const TABLES = ['a', 'B', 'log', 'a_pkey', 'reading', `${'long'.repeat(20)}1`, `${'long'.repeat(20)}2`, '']
const COLUMNS = ['id', 'ID2', 'ts', 'ctid', 'wide'.repeat(17), 'x y', '', 'k', 'é'.repeat(40)]
const TYPES = [
  'smallint',
  'integer',
  'bigint',
  'boolean',
  'numeric(20,0)',
  'numeric(10,2)',
  'text',
  'varchar(20)',
  'timestamptz',
  'timestamptz(3)',
  'date',
  'json',
  'uuid',
  'bytea',
  'double precision',
  'text[]',
]

const some = <T>(items: readonly T[], least = 1): fc.Arbitrary<T[]> => fc.subarray([...items], { minLength: least })
const part = fc.oneof(
  fc.constantFrom(...COLUMNS),
  fc.record({ column: fc.constantFrom(...COLUMNS), prefix: fc.constantFrom(null, 10), descending: fc.boolean() }),
)
const key: fc.Arbitrary<Partial<SourceForeignKey> & Pick<SourceForeignKey, 'columns' | 'references'>> = fc
  .tuple(some(COLUMNS.slice(0, 4)), fc.constantFrom(...TABLES, 'none'), fc.boolean())
  .map(([columns, table, isNamed]) => ({
    columns,
    references: { table, columns: isNamed ? columns : [] },
    name: `fk_${columns.length}`,
  }))

const table: fc.Arbitrary<GivenTable> = some(COLUMNS).chain((columns) =>
  fc.record({
    columns: fc
      .tuple(
        ...columns.map((name) =>
          fc
            .record({
              to: fc.constantFrom(...TYPES),
              type: fc.constantFrom('int', 'varchar(900)', 'varchar(20)', "enum('a','b')", 'text'),
              nullable: fc.boolean(),
              autoIncrement: fc.boolean(),
              onUpdateNow: fc.boolean(),
            })
            .map((column) => [name, column] as const),
        ),
      )
      .map((entries) => Object.fromEntries(entries)),
    key: fc.subarray(columns),
    indexes: fc.array(
      fc.record({
        name: fc.constantFrom('i', 'a', 'sqlite_autoindex_a_1', 'log_x', 'x'.repeat(70)),
        unique: fc.boolean(),
        on: fc.array(part, { minLength: 1, maxLength: 3 }),
      }),
      { maxLength: 4 },
    ),
    foreignKeys: fc.array(key, { maxLength: 3 }),
    checks: fc.constantFrom([], [{ name: 'fk_1', expression: 'id > 1' }]),
    rows: fc.constantFrom(0, 10, 5000, 1e6, 1e9),
    times: fc.constantFrom<NonNullable<GivenTable['times']>[]>(
      [],
      ...columns.map((column) => [{ column, type: 'timestamptz', access: 'index' as const, rowsPerDay: 5000 }]),
      ...columns.map((column) => [{ column, type: 'bigint', unit: 'ms' as const, max: '9999-12-31T00:00:00.000000Z' }]),
    ),
  }),
)
/** Any source, as far as a draft can be told apart by it. */
export const arbitraryGiven: fc.Arbitrary<Given> = fc.record({
  target: fc.record({ hypertables: fc.boolean(), columnstore: fc.boolean(), foreignKeyToHypertable: fc.boolean() }),
  tables: some(TABLES)
    .chain((names) => fc.tuple(...names.map((name) => table.map((one) => [name, one] as const))))
    .map((entries) => Object.fromEntries(entries)),
})
