import { expect, test } from 'vitest'
import { translate } from '../../../src/steps/plan/expression.ts'
import { draftInput, planOf } from './given.ts'

const input = draftInput({
  tables: {
    t: {
      columns: {
        n: { type: 'int', to: 'integer' },
        d: { type: 'decimal(5,2)', to: 'numeric(5,2)' },
        exact: { type: 'varchar(9)', to: 'text', collation: 'utf8mb4_0900_bin' },
        folded: { type: 'varchar(9)', to: 'text', collation: 'utf8mb4_general_ci' },
        padded: { type: 'varchar(9)', to: 'text', collation: 'utf8mb4_bin' },
        day: { type: 'date', to: 'date' },
        at: { type: 'datetime', to: 'timestamptz' },
        flag: { type: 'tinyint(1)', to: 'boolean' },
        or: { type: 'int', to: 'integer' },
        'a"b': { type: 'int', to: 'integer' },
      },
    },
  },
})
const [source] = input.inventory.tables
const [planned] = planOf(input).tables
const columns = source!.columns.map((column, i) => ({ source: column, planned: planned!.columns[i]! }))

test.each([
  ['n > 5', '"n" > 5'],
  ['(`n` <> 5)', '"n" <> 5'],
  ['N != -5', '"n" <> -5'],
  ['[n] == 1', '"n" = 1'],
  ['n > 1 and n < 5 or d >= 0.5', '(("n" > 1) AND ("n" < 5)) OR ("d" >= 0.5)'],
  ['not (n in (1, 2))', 'NOT ("n" IN (1, 2))'],
  ['n not in (1)', '"n" NOT IN (1)'],
  ['n between 1 and 2 and d is not null', '("n" BETWEEN 1 AND 2) AND ("d" IS NOT NULL)'],
  ['(n) > (d)', '"n" > "d"'],
  ["exact in ('a', 'it''s')", `"exact" IN ('a', 'it''s')`],
  [String.raw`(${'`exact`'} = _utf8mb4\'a\')`, `"exact" = 'a'`],
  ['char_length(exact) >= 3', 'char_length("exact") >= 3'],
  ["day >= '2020-01-01'", `"day" >= '2020-01-01'`],
  ['`or` = 1', '"or" = 1'],
  ['"a""b" = 1', '"a""b" = 1'],
])('%s means %s', (sql, expected) => {
  expect(translate(sql, columns)).toBe(expected)
})

// Each of these would mean something else, or could.
test.each([
  "folded = 'a'",
  "padded = 'a'",
  "n = '5'",
  'exact = 5',
  "at > '2020-01-01'",
  "day > 'yesterday'",
  'flag = 1',
  'flag',
  'n + 1 > 2',
  'n / 2 = 1',
  'n = 1 || d = 2',
  'n <=> 1',
  'length(exact) > 3',
  'lower(exact) = exact',
  'missing = 1',
  'n = null',
  'n > 1 -- and more',
  'n > 1 /* and more */',
  'n > 1)',
  'n in ()',
  'n > 0x10',
  'n > 1e5',
  String.raw`exact = 'a\'b'`,
  "exact like 'a%'",
  "exact regexp 'a'",
  '',
])('%s is left alone', (sql) => {
  expect(translate(sql, columns)).toBeNull()
})
