// Step `verify` while the application writes: what is on its way is no difference, what is wrong is found.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verify } from '../../packages/hyperferry/src/steps/verify.ts'
import type { VerifiedTable, VerifyDocument } from '../../packages/hyperferry/src/steps/verify.ts'
import { describeWith } from '../servers/index.ts'
import { lcg, TABLES } from './backfill-world.ts'
import type { LiveTable } from './backfill-world.ts'
import { verifyWorld, writeToSource, writeToTarget } from './verify-world.ts'
import type { VerifyWorld, Writing } from './verify-world.ts'

const complaints = (document: VerifyDocument): unknown[] =>
  document.tables
    .filter((table) => table.equal !== true)
    .map(({ name, different, meaning, notes }) => ({ name, different, meaning: meaning?.different, notes }))

const tableOf = (document: VerifyDocument, name: LiveTable): VerifiedTable | undefined =>
  document.tables.find((each) => each.name === name)

const LEVELS = ['count', 'digest', 'rows'] as const
const runs = { sqlite: 5, mariadb: 3 }

for (const engine of ['sqlite', 'mariadb'] as const) {
  const describe = await (engine === 'sqlite' ? describeWith('pg17') : describeWith('pg17', 'mariadb'))
  describe(`verify beside a writer, ${engine}`, () => {
    let world: VerifyWorld
    let writing: Writing
    beforeAll(async () => {
      world = await verifyWorld(engine, 11)
      writing = await writeToSource(world, { random: lcg(5) })
    })
    afterAll(async () => {
      await writing.stop()
      await world.close()
    })

    test.each(LEVELS)('no false alarm at level %s', { timeout: 240_000 }, async (level) => {
      let rows = 0
      let lookedAgain = 0
      for (let run = 0; run < runs[engine]; run += 1) {
        const began = Date.now()
        const document = await verify(world.ctx, { level, showValues: true, sampleRows: run % 2 === 0 ? 10_000 : 50 })
        expect(complaints(document)).toEqual([])
        for (const table of document.tables) {
          expect(table.partial).toBe(false)
          expect(Math.abs(Date.parse(table.settledUntil ?? '') - began)).toBeLessThan(60_000)
          // Read first, and behind: the target never holds more than the source has by then.
          expect(Number(table.sourceRows)).toBeGreaterThanOrEqual(Number(table.targetRows))
          lookedAgain += table.notes.length
        }
        const all = document.tables.reduce((sum, each) => sum + Number(each.targetRows), 0)
        expect(all).toBeGreaterThan(rows)
        rows = all
      }
      expect(lookedAgain).toBeGreaterThan(0)
    })

    /** What is done to the target, where, and what verify must say of it. */
    const lost = (where: string) => (name: LiveTable) =>
      `delete from plant.${name} where ctid = (select ctid from plant.${name} where ${where} order by at limit 1)`
    const doubled = (where: string) => (name: LiveTable) =>
      `insert into plant.${name} select * from plant.${name} where ${where} order by at limit 1`
    const altered = (where: string) => (name: LiveTable) =>
      `update plant.${name} set tag = 'altered' where ctid = (select ctid from plant.${name} where ${where} order by at limit 1)`
    const places = () =>
      [
        ['history', `at < to_timestamp(${world.t / 1000}) and tag like 'old%'`],
        ['what writers wrote', `at >= to_timestamp(${world.t / 1000}) and at < now() - interval '1 minute'`],
      ] as const

    test.each(['count', 'digest'] as const)('a row that is lost is found by %s', async (level) => {
      for (const [place, where] of places()) {
        for (const name of TABLES) {
          await undone(world, name, lost(where)(name), async () => {
            const found = tableOf(await verify(world.ctx, { level, tables: [name], sampleRows: 0 }), name)
            expect(found, `${place} of ${name}`).toMatchObject({ equal: false, different: [{ missing: 1, extra: 0 }] })
          })
        }
      }
    })

    test.each(['count', 'digest'] as const)('a row that is doubled is found by %s', async (level) => {
      for (const [place, where] of places()) {
        for (const name of ['event', 'line'] as const) {
          await undone(world, name, doubled(where)(name), async () => {
            const found = tableOf(await verify(world.ctx, { level, tables: [name], sampleRows: 0 }), name)
            expect(found, `${place} of ${name}`).toMatchObject({ equal: false, different: [{ missing: 0, extra: 1 }] })
          })
        }
      }
    })

    test('a row that is altered is found by digest', async () => {
      for (const [place, where] of places()) {
        for (const name of TABLES) {
          await undone(world, name, altered(where)(name), async () => {
            const found = tableOf(await verify(world.ctx, { tables: [name], sampleRows: 0 }), name)
            const keyed = name === 'metric' || name === 'gauge'
            const what = keyed ? { missing: 0, extra: 0, changed: 1 } : { missing: 1, extra: 1, changed: 0 }
            expect(found, `${place} of ${name}`).toMatchObject({ equal: false, different: [what] })
          })
        }
      }
    })

    test('rows that are younger than the settled instant are left out', async () => {
      const later = [{ id: 7_000_000, at: Date.now() + 1_800_000, tag: 'later' }]
      for (const name of TABLES) await world.source.insert(name, later)
      for (const level of LEVELS) expect(complaints(await verify(world.ctx, { level }))).toEqual([])
      for (const name of TABLES) {
        await world.sql(
          `insert into plant.${name} values (${name === 'event' || name === 'line' ? 0 : 7_000_000}, to_timestamp(${(later[0]?.at ?? 0) / 1000}), 'later')`,
        )
      }
    })
  })
}

const describe = await describeWith('pg17')
describe('rows that one store never gets', () => {
  test.each(['history', 'what writers wrote'])(
    'a write that the source has and the target never gets: %s',
    { timeout: 120_000 },
    async (place) => {
      const world = await verifyWorld('sqlite', 3)
      const gone = new Set<LiveTable>()
      const writing = await writeToSource(world, {
        random: lcg(9),
        lose({ table, rows }) {
          const [row] = rows
          if (gone.has(table) || row === undefined || rows.length > 1 || row.at > Date.now() - 60_000) return false
          if (row.at < world.t !== (place === 'history')) return false
          gone.add(table)
          return true
        },
      })
      while (gone.size < TABLES.length) await sleep(50)
      for (const level of LEVELS) {
        const document = await verify(world.ctx, { level, sampleRows: 0 })
        for (const name of TABLES) {
          expect(tableOf(document, name), name).toMatchObject({ equal: false, different: [{ missing: 1, extra: 0 }] })
        }
      }
      await writing.stop()
      await world.close()
    },
  )

  test('a single late row, where the receipts still agree with the target', { timeout: 120_000 }, async () => {
    const world = await verifyWorld('sqlite', 12)
    for (const name of TABLES) await world.source.insert(name, [{ id: 5_000_000, at: world.t - 1, tag: 'late' }])
    for (const level of LEVELS) {
      const document = await verify(world.ctx, { level, sampleRows: 0 })
      for (const name of TABLES) {
        expect(tableOf(document, name), name).toMatchObject({ equal: false, different: [{ missing: 1, extra: 0 }] })
      }
    }
    await world.close()
  })

  test('rows that take seconds to arrive are waited for', { timeout: 360_000 }, async () => {
    const world = await verifyWorld('sqlite', 6)
    const writing = await writeToSource(world, { random: lcg(8), burstMs: 2500 })
    await sleep(500)
    // One level: each has to wait for many seconds.
    expect(complaints(await verify(world.ctx, { level: 'digest' }))).toEqual([])
    await writing.stop()
    await world.close()
  })

  test(
    'the part of the backfill must be copied to its end, and that of the writers need not',
    { timeout: 120_000 },
    async () => {
      const world = await verifyWorld('sqlite', 7)
      expect(complaints(await verify(world.ctx))).toEqual([])
      await world.sql(`delete from hyperferry.receipt where id = (
      select r.id from hyperferry.receipt r join hyperferry.migrated_table t on t.id = r.table_id where t.source = 'metric' order by r.id limit 1)`)
      await expect(verify(world.ctx)).rejects.toMatchObject({ code: 'HF-V003', details: { tables: ['metric'] } })
      await world.close()
    },
  )

  test('the target is primary: the source follows', { timeout: 120_000 }, async () => {
    const world = await verifyWorld('sqlite', 4)
    await world.sql(`update hyperferry.dual_write set stage = 'live', primary_store = 'target', epoch = 1`)
    const writing = await writeToTarget(world, { random: lcg(2) })
    for (let run = 0; run < 4; run += 1) {
      for (const level of LEVELS) expect(complaints(await verify(world.ctx, { level }))).toEqual([])
    }
    const young = `at >= to_timestamp(${world.t / 1000}) and at < now() - interval '1 minute'`
    await world.sql(`insert into plant.event select id, at, 'extra' from plant.event where ${young} limit 1`)
    await world.sql(`delete from plant.metric where ctid = (select ctid from plant.metric where ${young} limit 1)`)
    for (const level of LEVELS) {
      const document = await verify(world.ctx, { level, sampleRows: 0 })
      expect(tableOf(document, 'event')).toMatchObject({ equal: false, different: [{ missing: 0, extra: 1 }] })
      expect(tableOf(document, 'metric')).toMatchObject({ equal: false, different: [{ missing: 1, extra: 0 }] })
    }
    await writing.stop()
    await world.close()
  })
})

/** Does something to a table of the target and takes exactly that back, while others go on writing. */
async function undone(world: VerifyWorld, name: LiveTable, sql: string, use: () => Promise<void>): Promise<void> {
  const returning = sql.startsWith('update')
    ? sql
        .replace(/^update (\S+) set tag = 'altered'/, `update $1 as n set tag = 'altered' from $1 o`)
        .replace(' where ctid', ' where o.ctid = n.ctid and n.ctid')
    : sql
  const columns = sql.startsWith('update') ? 'o.id::text, o.at::text, o.tag' : 'id::text, at::text, tag'
  const { rows } = await world.ctx.target.query<{ id: string; at: string; tag: string }>(
    `${returning} returning ${columns}`,
  )
  const [row] = rows
  if (row === undefined) throw new Error(`nothing to do in ${name}`)
  try {
    await use()
  } finally {
    const there = `id = ${row.id} and at = '${row.at}'`
    if (sql.startsWith('delete'))
      await world.sql(`insert into plant.${name} values (${row.id}, '${row.at}', '${row.tag}')`)
    else if (sql.startsWith('update'))
      await world.sql(`update plant.${name} set tag = '${row.tag}' where ${there} and tag = 'altered'`)
    else
      await world.sql(
        `delete from plant.${name} where ctid = (select ctid from plant.${name} where ${there} and tag = '${row.tag}' limit 1)`,
      )
  }
}
