// Ranges of time through a key that begins with the series: the same rows, read in the key's order, and none is left out when a new series appears.
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedTable, Slice } from '../../../src/model.ts'
import { gaps } from '../../../src/source/mysql/skip-scan.ts'
import type { TableReader } from '../../../src/source/source.ts'
import { make, planOf, SERVERS, tableOf } from './harness.ts'

const TABLE = `CREATE TABLE m (s int NOT NULL, ts datetime NOT NULL, v double, PRIMARY KEY (s, ts), KEY ts (ts)) ENGINE=InnoDB`
const SERIES = [-7, 0, 1, 2, 900, 2147483647]
const fill = (series: number[]): string => fillSome(series, 0, 50)
const fillSome = (series: number[], from: number, to: number): string =>
  `INSERT INTO m VALUES ${series.flatMap((s) => Array.from({ length: to - from }, (_, n) => `(${s}, TIMESTAMPADD(MINUTE, ${from + n}, '2024-01-01'), ${from + n} / 3)`)).join(', ')}`

const at = (minutes: number): bigint => (1_704_067_200n + BigInt(minutes) * 60n) * 1_000_000n
const RANGES: Slice[] = [
  { kind: 'range', from: null, to: at(10) },
  { kind: 'range', from: at(10), to: at(11) },
  { kind: 'range', from: at(11), to: null },
]

describe.each(SERVERS)('skip scan on %s', (server) => {
  it('reads a partition of time to the same rows as the whole, and goes through the key', async () => {
    const { source } = await make(server, [TABLE, fill(SERIES)])
    const reader = source.reader(await timePlan(source))
    const whole = await rowsOf(reader, [{ kind: 'all' }])
    expect(whole).toHaveLength(300)
    expect(await rowsOf(reader, RANGES)).toEqual(whole)
    // One series after the other, which is the order of the key and not that of the other index.
    for (const slice of RANGES) expect(await seriesOf(reader, slice)).toEqual(SERIES)
  })

  it('sees a series that came after the last look, in either place', async () => {
    const { source, root } = await make(server, [TABLE, fill([5, 6, 9])])
    const reader = source.reader(await timePlan(source))
    expect(await rowsOf(reader, RANGES)).toHaveLength(150)
    for (const [index, series] of [-1, 4, 7, 8, 10].entries()) {
      await root.query(fill([series]))
      expect(await rowsOf(reader, RANGES)).toHaveLength(200 + index * 50)
    }
    await root.query('DELETE FROM m WHERE s = 6')
    expect(await rowsOf(reader, RANGES)).toHaveLength(350)
  })

  it('reads a thousand series by ranges of the key too', async () => {
    const { source, root } = await make(server, [TABLE])
    const many = Array.from({ length: 1000 }, (_, s) => s * 3)
    for (let n = 0; n < 40; n += 10) await root.query(fillSome(many, n, n + 10))
    await root.query('ANALYZE TABLE m')
    const { rows } = await source.query(
      `EXPLAIN SELECT * FROM m FORCE INDEX (PRIMARY) WHERE s IN (${many.join(', ')}) AND ts >= '2024-01-01 00:10:00' AND ts < '2024-01-01 00:11:00'`,
      [],
    )
    // In a table by the one, as a tree by the other. A join with a table of the values would be more than one row.
    expect(rows).toHaveLength(1)
    expect(rows[0]?.join(' ')).toMatch(/range.*PRIMARY/s)
    const reader = source.reader(await timePlan(source))
    expect(await rowsOf(reader, RANGES)).toHaveLength(40_000)
  })

  it('takes the other index when there are too many series, or none', async () => {
    const { source, root } = await make(server, [TABLE])
    const reader = source.reader(await timePlan(source))
    expect(await rowsOf(reader, RANGES)).toEqual([])
    const many = Array.from({ length: 1001 }, (_, s) => `(${s * 3}, '2024-01-01 00:10:30', 1)`)
    await root.query(`INSERT INTO m VALUES ${many.join(', ')}`)
    for (let time = 0; time < 2; time += 1) expect(await rowsOf(reader, RANGES)).toHaveLength(1001)
  })
})

it('gaps are exactly what is not in the list', () => {
  const database = new DatabaseSync(':memory:')
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 1 }), (values) => {
      const series = values.map(BigInt).toSorted((a, b) => (a < b ? -1 : 1))
      const found = database
        .prepare(
          `WITH RECURSIVE n(c) AS (SELECT -25 UNION ALL SELECT c + 1 FROM n WHERE c < 25) SELECT c FROM n WHERE ${gaps('c', series)}`,
        )
        .all()
      expect(found.map(({ c }) => c)).toEqual(
        Array.from({ length: 51 }, (_, index) => index - 25).filter((value) => !values.includes(value)),
      )
    }),
    { numRuns: 200, seed: 7 },
  )
})

async function timePlan(source: Awaited<ReturnType<typeof make>>['source']): Promise<PlannedTable> {
  const table = await tableOf(source, 'm')
  const assessment = await source.assess(table, { full: true, sampleRows: 100 })
  return planOf(table, assessment, { split: 'time', axis: 'ts' })
}

/** A hash of each row, sorted. */
async function rowsOf(reader: TableReader, slices: readonly Slice[]): Promise<string[]> {
  const rows: string[] = []
  for (const slice of slices) {
    for await (const { bytes, ends } of reader.read(slice)) {
      let start = 0
      for (const end of ends) {
        rows.push(createHash('md5').update(bytes.subarray(start, end)).digest('hex'))
        start = end
      }
    }
  }
  return rows.toSorted()
}

/** The first column as it comes, without repetitions of the same. */
async function seriesOf(reader: TableReader, slice: Slice): Promise<number[]> {
  const series: number[] = []
  for await (const { bytes, ends } of reader.read(slice)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    for (const start of [0, ...ends.subarray(0, -1)]) {
      const value = view.getInt32(start + 6)
      if (value !== series.at(-1)) series.push(value)
    }
  }
  return series
}
