// A row at fault in a large piece: only a piece of the usual size is looked at row by row, which holds it in memory.
import { expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { usualBytes } from '../../../src/steps/copy/sizes.ts'
import { openTarget } from '../../../src/target/connect.ts'
import { copyHere, fileOf } from './lab.ts'

const MB = 1024 * 1024
const ROWS = 90_000
const BAD = 20_000

test('what is sorted by the server is as large as its memory for that allows', () => {
  expect([0, 64 * MB, 128 * MB, 256 * MB].map(usualBytes)).toEqual([32 * MB, 32 * MB, 64 * MB, 128 * MB])
})

const suite = await describeWith('pg17')

suite('copy', () => {
  test('a large piece with a row at fault is loaded in smaller ones, each row once', async () => {
    const { url } = await freshPg('pg17')
    const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
    const session = await target.session()
    await session.query('create table public.t (n int4, a text)')
    const filler = 'x'.repeat(1000)
    const lines = Array.from({ length: ROWS }, (_, n) => `${n === BAD ? 'bad' : n},${filler}\n`)
    const request = { connection: url, table: 't', file: fileOf(lines.join('')), workers: 1, batchBytes: 256 * MB }
    const { rows, quarantined } = await copyHere({ ...request, skipErrors: true })
    expect({ rows, quarantined }).toEqual({ rows: ROWS - 1, quarantined: 1 })
    const { rows: counted } = await session.query(
      'select count(*)::int4 as rows, count(distinct n)::int4 as different, min(n) as first, max(n) as last from public.t',
    )
    expect(counted).toEqual([{ rows: ROWS - 1, different: ROWS - 1, first: 0, last: ROWS - 1 }])
    const { rows: refused } = await session.query('select line::int4 as line from hyperferry.import_row')
    expect(refused).toEqual([{ line: BAD + 1 }])
    const { rows: ranges } = await session.query<{ mb: number; refused: number }>(
      `select (upper(span) - lower(span))::float8 / 1048576 as mb, refused::int4 as refused from hyperferry.import_range order by lower(span)`,
    )
    // 2 MB, then about half of the rest in one piece, which was cut into two.
    expect(ranges.filter(({ mb }) => mb > 31).length).toBe(1)
    expect(ranges.every(({ mb }) => mb < 33)).toBe(true)
    expect(ranges.map((range) => range.refused).filter((count) => count > 0)).toEqual([1])
    await target.close()
  })
})
