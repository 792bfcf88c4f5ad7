// Options of COPY as people write them; what would break the copy is refused.
import { expect, test } from 'vitest'
import { parseCopyOptions } from '../../src/config/copy-options.ts'
import { goDurationMs } from '../../src/config/go-duration.ts'

test.each([
  ['CSV', {}],
  ['', {}],
  ["CSV NULL 'NULL'", { null: 'NULL' }],
  [
    "with csv null as 'it''s' delimiter e'\\t' quote '\"' escape E'\\\\'",
    { null: "it's", delimiter: '\t', quote: '"', escape: '\\' },
  ],
  ['CSV FORCE NOT NULL a, "B c" FORCE NULL *', { forceNotNull: ['a', 'B c'], forceNull: '*' }],
  [
    "(FORMAT csv, NULL 'x', FORCE_NULL (A, b), ENCODING 'latin1', DEFAULT 'd')",
    { null: 'x', forceNull: ['a', 'b'], encoding: 'latin1', default: 'd' },
  ],
])('%s', (text, expected) => {
  expect(parseCopyOptions(text)).toMatchObject(expected)
})

test.each([
  "NULL 'x'",
  'CSV HEADER',
  'TEXT',
  'BINARY',
  'CSV FREEZE',
  'FORMAT binary',
  "CSV, ON_ERROR 'ignore'",
  'CSV WHERE a > 1',
  'CSV NULL x',
  "CSV NULL 'open",
  'CSV; drop table t',
  'CSV FORCE QUOTE a',
])('%s is refused', (text) => {
  expect(() => parseCopyOptions(text)).toThrow(expect.objectContaining({ code: 'HF-F005' }))
})

test('durations as programs in Go write them', () => {
  expect(['30s', '1m30s', '500ms', '1.5h', '0'].map(goDurationMs)).toEqual([30_000, 90_000, 500, 5_400_000, 0])
  for (const bad of ['', '30', '5 s', 'm', '1x', '-1s'])
    expect(() => goDurationMs(bad)).toThrow(expect.objectContaining({ code: 'HF-U001' }))
})
