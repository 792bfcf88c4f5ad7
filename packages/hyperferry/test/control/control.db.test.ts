import { expect, test } from 'vitest'
import { CONTROL_VERSION, controlVersion, installControl, requireControl } from '../../src/control/install.ts'
import { withMigrationLock } from '../../src/control/lock.ts'
import { claimMigration, storedMigration } from '../../src/control/migration-row.ts'
import { finishStep, lastOutput, startStep, stepHistory } from '../../src/control/step-log.ts'
import { openTarget } from '../../src/target/connect.ts'
import { planOf, relationalTable } from '../target/plans.ts'
import { claimed, claimOf, opened } from './claimed.ts'

const plan = planOf([relationalTable('device')])
const never = new AbortController().signal

test.for(['pg15', 'pg18', 'ts-2.19', 'ts-sid'] as const)('installs as an ordinary role, once: %s', async (server) => {
  const { target } = await opened(server)
  const [a, b] = await Promise.all([target.session(), target.session()])
  await expect(requireControl(a)).rejects.toMatchObject({ code: 'HF-B014' })
  const made = await Promise.all([installControl(a), installControl(b)])
  expect(made.filter(({ created }) => created)).toHaveLength(1)
  expect(await controlVersion(a)).toBe(CONTROL_VERSION)
  const { rows } = await a.query<{ view: string; comment: string | null }>(
    `select viewname::text as view, obj_description(('hyperferry.' || viewname)::regclass) as comment
     from pg_views where schemaname = 'hyperferry' order by 1`,
  )
  expect(rows.map(({ view }) => view)).toEqual(['events', 'imports', 'progress', 'quarantine', 'receipts', 'writers'])
  for (const { comment } of rows) expect(comment).toMatch(/\w/)
  for (const { view } of rows) await a.query(`select * from hyperferry.${view}`)
  await Promise.all([a.release(), b.release()])
})

test('says which GRANT is missing', async () => {
  const { database } = await opened('pg15')
  const admin = await openTarget(database.superUrl, { connections: 1, signal: never })
  await admin.query(`alter database ${database.database} owner to postgres`)
  const target = await openTarget(database.url, { connections: 1, signal: never })
  const session = await target.session()
  await expect(installControl(session)).rejects.toMatchObject({
    code: 'HF-C013',
    hint: expect.stringContaining(
      `GRANT CREATE ON DATABASE "${database.database}" TO "${database.owner.name}"`,
    ) as string,
  })
  await admin.query('create schema hyperferry')
  await expect(installControl(session)).rejects.toMatchObject({ code: 'HF-C013' })
  await admin.query(`alter schema hyperferry owner to ${database.owner.name}`)
  expect(await installControl(session)).toEqual({ version: CONTROL_VERSION, created: true })
  await session.release()
  await Promise.all([target.close(), admin.close()])
})

test('refuses a control schema of a newer tool', async () => {
  const { target } = await claimed('pg15', plan)
  const session = await target.session()
  await session.query('insert into hyperferry.schema_version (version) values ($1)', [CONTROL_VERSION + 1])
  await expect(installControl(session)).rejects.toMatchObject({ code: 'HF-B013' })
  await expect(requireControl(session)).rejects.toMatchObject({ code: 'HF-B013' })
  await session.release()
})

test('a migration belongs to its plan, its source and its target', async () => {
  const { target, migrationId } = await claimed('pg15', plan)
  const session = await target.session()
  expect(await claimMigration(session, claimOf(plan, target))).toEqual({ migrationId })
  const edited = claimOf(plan, target, {
    planHash: 'hash-2',
    firstDifference: (stored) =>
      (stored as { migration: string }).migration === 'test' ? 'tables.device.columns' : null,
  })
  await expect(claimMigration(session, edited)).rejects.toMatchObject({
    code: 'HF-P020',
    details: { path: 'tables.device.columns' },
  })
  const { source } = claimOf(plan, target)
  await expect(
    claimMigration(session, claimOf(plan, target, { source: { ...source, identity: 'source-2' } })),
  ).rejects.toMatchObject({ code: 'HF-B021' })
  await expect(claimMigration(session, claimOf(plan, target, { targetIdentity: 'pg:1/2' }))).rejects.toMatchObject({
    code: 'HF-B021',
  })
  expect(await storedMigration(session, 'test')).toMatchObject({ id: migrationId, planHash: 'hash-1', plan })
  expect(await storedMigration(session, 'other')).toBeNull()
  await session.release()
})

test('two first runs at the same time become one migration', async () => {
  const { target } = await opened('pg15')
  const sessions = await Promise.all([target.session(), target.session()])
  await installControl(sessions[0])
  const ids = await Promise.all(sessions.map((session) => claimMigration(session, claimOf(plan, target))))
  expect(ids[0]).toEqual(ids[1])
  await Promise.all(sessions.map((session) => session.release()))
})

test('one tool at a time, and the lock goes with its connection', async () => {
  const { target, database } = await claimed('pg15', plan)
  const second = await openTarget(database.url, { connections: 1, signal: never, applicationName: 'second' })
  const inner = await withMigrationLock(target, 'test', async () => {
    await expect(withMigrationLock(second, 'test', async () => 'never')).rejects.toMatchObject({
      code: 'HF-B020',
      message: expect.stringMatching(/hyperferry \(process \d+, since 20/) as string,
    })
    // Another migration of the same target is free.
    return withMigrationLock(second, 'other', async () => 'free')
  })
  expect(inner).toBe('free')
  await expect(
    withMigrationLock(target, 'test', async () => {
      throw new Error('died')
    }),
  ).rejects.toThrow('died')
  expect(await withMigrationLock(second, 'test', async () => 'mine')).toBe('mine')
  await second.close()
})

test('the step log keeps outputs, and a killed step becomes interrupted', async () => {
  const { target, migrationId } = await claimed('pg15', plan)
  const session = await target.session()
  const start = { migrationId, step: 'schema', tool: '1.0.0', planHash: 'h' }
  const first = await startStep(session, start)
  await finishStep(session, first, 'done', { tables: ['device'], big: '18446744073709551615' })
  await startStep(session, start)
  const third = await startStep(session, start)
  await finishStep(session, third, 'failed', { code: 'HF-S010' })
  expect((await stepHistory(session, migrationId)).map(({ status }) => status)).toEqual([
    'done',
    'interrupted',
    'failed',
  ])
  expect(await lastOutput(session, migrationId, 'schema')).toEqual({ tables: ['device'], big: '18446744073709551615' })
  expect(await lastOutput(session, migrationId, 'backfill')).toBeNull()
  const { rows } = await session.query(`select message from hyperferry.events order by at`)
  expect(rows).toHaveLength(3)
  await session.release()
})
