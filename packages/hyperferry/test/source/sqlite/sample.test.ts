import { expect, it } from 'vitest'
import { rowsOf } from '../../../src/source/sqlite/open.ts'
import { readOneTable } from '../../../src/source/sqlite/inventory.ts'
import { sample } from '../../../src/source/sqlite/sample.ts'
import { makeDatabase } from './helpers.ts'

it.each([
  ['keys in a row', ''],
  ['keys far from all others', 'INSERT INTO t VALUES (-9223372036854775808), (9223372036854775807);'],
])('takes a sample from everywhere, and no row twice: %s', async (_what, more) => {
  const { db } = makeDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY);
    WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 6400) INSERT INTO t SELECT i FROM s; ${more}`)
  const table = readOneTable(db, 't')
  expect(table).not.toBeNull()
  if (table === null) return
  const seen: bigint[] = []
  const said = await sample(
    db,
    // More rows than there are: else all would be looked at.
    { table, rows: 2_000_000, full: false, sampleRows: 640, encoding: 'UTF-8', signal: new AbortController().signal },
    ([id]) => void seen.push(id as bigint),
  )
  expect(said).toEqual({ exact: false, rows: seen.length })
  expect(seen.length).toBe(640)
  expect(new Set(seen).size).toBe(seen.length)
  const ends = rowsOf(db, 'SELECT min(id), max(id) FROM t')[0]
  expect([seen[0], seen.at(-1)]).toEqual(ends)
  // Every tenth of the table is in it.
  const tenths = new Set(seen.filter((id) => id > 0n && id <= 6400n).map((id) => (id - 1n) / 640n))
  expect(tenths.size).toBe(10)
})
