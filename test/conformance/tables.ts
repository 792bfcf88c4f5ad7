/** Logical content that has gone wrong in some tool or other: extremes, duplicates, NULLs, empty and large values. */
import type { LogicalRow, LogicalTable, SourceFixture } from './fixture.ts'

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)
const MICROS = 1_000_000n

/** Random but fixed numbers below 2^32. */
function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
}

const WORDS = [
  '',
  'a',
  'Zürich',
  '北京 😀',
  'it\'s; -- \\ "x"',
  '\t\r\n',
  'NULL',
  '\\N',
  ' trailing  ',
  '\u{10FFFF}',
  '\uFEFFbom',
  'e\u0301',
  'x'.repeat(5000),
]
const DOUBLES = [
  0,
  1,
  -1,
  0.1,
  1 / 3,
  5e-324,
  1.7976931348623157e308,
  -1.7976931348623157e308,
  2 ** 53 + 2,
  1e-300,
  123456789.12345679,
]
const BYTES = [
  new Uint8Array(),
  Uint8Array.of(0),
  Uint8Array.of(0, 255, 254, 10, 13, 92),
  new Uint8Array(3000).fill(0xff),
]

/** Keyed by integers with extremes and gaps. */
export function keyed(count: number): LogicalTable {
  const next = numbers(7)
  const keys = new Set<bigint>([MIN, MIN + 1n, -1n, 0n, 1n, MAX - 1n, MAX])
  while (keys.size < count) keys.add(BigInt(next()) * (next() % 2 === 0 ? 1n : -3_000_000n))
  return {
    name: 'keyed',
    columns: [
      { name: 'id', kind: 'integer' },
      { name: 'd', kind: 'double' },
      { name: 't', kind: 'text' },
      { name: 'b', kind: 'bytes' },
    ],
    key: 'id',
    index: null,
    rows: [...keys].slice(0, count).map((id, i) => [id, pick(DOUBLES, i), pick(WORDS, i), pick(BYTES, i)]),
  }
}

/** No key; an indexed time with many duplicates, NULLs and both ends of what the engine holds. */
export function series(fixture: SourceFixture, count: number): LogicalTable {
  const next = numbers(11)
  const { min, max } = fixture.instants
  const start = 1_700_000_000n * MICROS
  const rows: LogicalRow[] = [
    [min, 1n, 'first'],
    [max, 2n, 'last'],
    [-1n, 3n, 'before 1970'],
    [0n, 3n, 'at 1970'],
    [null, 4n, 'no time'],
    [null, 4n, 'no time'],
  ]
  while (rows.length < count) {
    // About five rows of each instant; every tenth row is an exact duplicate of another one.
    const at = start + BigInt(next() % Math.max(1, Math.floor(count / 5))) * MICROS + BigInt(next() % 3)
    const row: LogicalRow =
      next() % 20 === 0 ? [null, BigInt(next()), null] : [at, BigInt(next() % 1000), pick(WORDS, next())]
    rows.push(row)
    if (next() % 10 === 0) rows.push(row)
  }
  return {
    name: 'series',
    columns: [
      { name: 'at', kind: 'instant' },
      { name: 'n', kind: 'integer' },
      { name: 't', kind: 'text' },
    ],
    key: null,
    index: 'at',
    rows: rows.slice(0, count),
  }
}

/** Every third row holds what PostgreSQL refuses. */
export function refused(fixture: SourceFixture, count: number): LogicalTable {
  const rows = Array.from({ length: count }, (_, i): LogicalRow => [
    BigInt(i),
    i % 3 === 0 ? fixture.rejected.value : `fine ${i}`,
    0.5,
  ])
  return {
    name: 'refused',
    columns: [
      { name: 'id', kind: 'integer' },
      { name: 't', kind: 'text' },
      { name: 'd', kind: 'double' },
    ],
    key: 'id',
    index: null,
    rows,
  }
}

function pick<T>(values: readonly T[], i: number): T | null {
  // Every few rows a NULL; the rest in turn.
  return i % (values.length + 1) === values.length ? null : (values[i % (values.length + 1)] ?? null)
}
