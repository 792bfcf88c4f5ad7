// Relational tables while the application writes: nothing carries their writes until the cutover, so a change of the source is no fault of the copy.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freshPg, type FreshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { moveStage, putContract } from '../../../src/control/dual-write.ts'
import type { PlannedTable } from '../../../src/model.ts'
import { verify } from '../../../src/steps/verify.ts'
import { withSession } from '../../../src/target/with-session.ts'
import { openLab, type Lab } from './lab.ts'
import { plannedTable } from './tables.ts'

const columns = [
  { name: 'id', sourceType: 'integer', type: 'bigint' },
  { name: 'name', sourceType: 'text', type: 'text', nullable: true },
]
const relational = (name: string, sync: PlannedTable['sync']): PlannedTable =>
  plannedTable({
    source: name,
    name,
    sync,
    keys: [{ name: `${name}_pkey`, columns: ['id'], primary: true }],
    columns,
  })

const LEVELS = ['count', 'digest', 'rows'] as const
const describe = await describeWith('pg17')

describe('relational tables while the application writes', () => {
  let folder: string
  let target: FreshPg
  let source: DatabaseSync
  let lab: Lab
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'relational-'))
    source = new DatabaseSync(join(folder, 'plant.db'))
    for (const name of ['site', 'unit']) {
      source.exec(
        `create table ${name} (id integer primary key, name text); insert into ${name} values (1, 'a'), (2, 'b'), (3, null)`,
      )
    }
    target = await freshPg('pg17')
    lab = await openLab(`sqlite:${join(folder, 'plant.db')}`, target.url, [
      relational('site', 'final-copy'),
      relational('unit', 'frozen'),
    ])
    await lab.load()
    await withSession(lab.ctx.target, async (session) => {
      await putContract(session, lab.ctx.migrationId, {}, 'none')
      await moveStage(session, lab.ctx.migrationId, 'off', 'dualwrite')
    })
  })
  afterEach(async () => {
    await lab[Symbol.asyncDispose]()
    await target.drop()
    source.close()
    await rm(folder, { recursive: true })
  })

  const answers = async (level: (typeof LEVELS)[number]) => {
    const { equal, tables } = await verify(lab.ctx, { level })
    return [equal, ...tables.map((table) => table.equal)]
  }

  test.each(LEVELS)('%s: a change of the source waits for the final copy', async (level) => {
    expect(await answers(level)).toEqual([true, true, true])
    source.exec(
      `insert into site values (4, 'new'); delete from site where id = 1; update site set name = 'B' where id = 2; insert into site values (5, 'too')`,
    )
    expect(await answers(level)).toEqual([true, true, true])
    const { tables } = await verify(lab.ctx, { level })
    expect(tables[0]?.notes.join()).toMatch(/the source was changed since/)
    expect(tables[0]?.digest ?? tables[0]?.books).toMatch(/^hf1:/)
  })

  test.each(LEVELS)('%s: a change of a table that nobody may write is a difference', async (level) => {
    source.exec(`insert into unit values (4, 'new')`)
    expect(await answers(level)).toEqual([false, true, false])
  })

  test.each(LEVELS)('%s: a row lost in the target is a difference', async (level) => {
    await lab.sql('delete from lab.site where id = 2')
    expect(await answers(level)).toEqual([false, false, true])
  })

  test('after the cutover the source does not follow', async () => {
    await lab.sql(`update hyperferry.dual_write set stage = 'live', primary_store = 'target'`)
    await lab.sql(`insert into lab.site values (9, 'in the new database')`)
    for (const level of LEVELS) expect(await answers(level)).toEqual([true, null, null])
  })
})
