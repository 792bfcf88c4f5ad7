// Files as people have them: what is loaded, and which line and column is named when it is not. One folder each, see cases/README.md.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import type { FreshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { openTarget } from '../../../src/target/connect.ts'
import type { Session, Target } from '../../../src/target/connect.ts'
import { readCsvCases } from './case.ts'
import type { CsvCase } from './case.ts'
import { copyHere, fileOf, rowsOf } from './lab.ts'
import { copyOut, plainCopy, refusedRows, without } from './plain-copy.ts'
import { copyTyped } from './typed.ts'

const suite = await describeWith('pg15', 'pg18')
const cases = readCsvCases()

suite.each(['pg15', 'pg18'] as const)('copy into %s', (server) => {
  let database: FreshPg
  let target: Target
  let session: Session
  beforeAll(async () => {
    database = await freshPg(server)
    target = await openTarget(database.url, { connections: 1, signal: new AbortController().signal })
    session = await target.session()
    await session.query('set search_path to public')
  })
  afterAll(async () => {
    await target.close()
    await database.drop()
  })

  test.each(cases.filter(({ servers }) => servers.includes(server)))('$name', async (one) => {
    await session.query(`drop table if exists public.t; ${one.table}`)
    const flags = { connection: database.url, table: 't', file: fileOf(one.input, 'input.csv'), ...one.flags }
    if (one.refused.length > 0) {
      const error: unknown = await copyTyped(flags).catch((thrown: unknown) => thrown)
      const { code, reason = '', ...place } = one.refused[0]!
      expect(error).toMatchObject({ code, details: place, message: expect.stringContaining(reason) as string })
      // In one piece it is all or nothing.
      if (!('batch-byte-size' in one.flags)) expect(await rowsOf(session, 't')).toEqual([])
      if (place.line === undefined) return
      expect(error).toMatchObject({ exitCode: 1 })
      if (one.plain !== null) expect(await plainCopy(session, one.plain, one.input)).toBe('refused')
      await session.query('truncate public.t')
    }
    const skip = one.refused.length > 0 ? { 'skip-batch-errors': true } : {}
    await loads(session, one, { ...flags, ...skip })
  })
})

/** Every row of the file is in the table or aside, and the table holds what one COPY makes of the others. */
async function loads(session: Session, one: CsvCase, flags: Parameters<typeof copyTyped>[0]): Promise<void> {
  const result = await copyTyped(flags)
  const aside = await refusedRows(session, result.importId)
  expect(aside).toMatchObject(one.refused.map(({ code: _code, ...row }) => row))
  const loaded = await rowsOf(session, 't')
  if (typeof one.rows === 'number') expect(loaded).toHaveLength(one.rows)
  else expect(loaded.toSorted()).toEqual(one.rows.toSorted())
  expect(result).toMatchObject({ rows: loaded.length, quarantined: one.refused.length, skipped: 0, before: 0 })
  // Of an import without a name that left nothing out nothing is kept.
  if (aside.length === 0)
    expect((await session.query('select from hyperferry.import where name = $1', [result.importId])).rowCount).toBe(0)
  if (one.plain === null) return
  const ours = await copyOut(session, 't')
  await session.query('truncate public.t')
  expect(await plainCopy(session, one.plain, without(one.input, aside))).toBe(loaded.length)
  expect(ours).toBe(await copyOut(session, 't'))
}

const generated = await describeWith('pg18')

generated('files too large for a folder', () => {
  test.each([
    ['of 1 MB, in pieces of 256 bytes', 1_000_000, { batchBytes: 256 }],
    ['of exactly a block', 1024 * 1024 - 1, {}],
    ['of 33 MB, more than a piece', 33_000_000, {}],
  ])('a field %s', async (_name, length, request) => {
    const { url } = await freshPg('pg18')
    const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
    const session = await target.session()
    await session.query(`create table public.t (a text, n int, b text default 'd')`)
    const long = 'x\n'.repeat(length / 2).padEnd(length, 'y')
    const file = fileOf(`"${long}",1,b\nc,2,d\n"e\n",x,f\n`)
    const result = await copyHere({ connection: url, table: 't', file, columns: 'b,n,a', skipErrors: true, ...request })
    expect(result).toMatchObject({ rows: 2, quarantined: 1 })
    const rows = await rowsOf(session, 't')
    expect(rows.length).toBe(2)
    expect(rows[0] === `(b,1,"${long}")`).toBe(true)
    expect(rows[1]).toBe('(d,2,c)')
    expect(await refusedRows(session, result.importId)).toMatchObject([
      { line: 3 + Math.floor(length / 2), column: 'n' },
    ])
    await target.close()
  })
})
