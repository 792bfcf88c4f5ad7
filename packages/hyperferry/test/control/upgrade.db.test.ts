import { expect, test } from 'vitest'
import { CONTROL_VERSION, controlVersion, installControl } from '../../src/control/install.ts'
import { openSnapshots, putSnapshot, settleSnapshot, waitingGate } from '../../src/control/jobs.ts'
import { version1 } from '../../src/control/migrations/0001.ts'
import { claimMigration } from '../../src/control/migration-row.ts'
import { planOf, relationalTable } from '../target/plans.ts'
import { claimOf, opened } from './claimed.ts'

const plan = planOf([relationalTable('device')])

test('a control schema of the first version is read as it is, and brought up to date by the next change', async () => {
  const { target } = await opened('pg15')
  const session = await target.session()
  await session.query(`create schema hyperferry;
    create table hyperferry.schema_version (version int primary key, applied_at timestamptz not null default clock_timestamp());
    ${version1}; insert into hyperferry.schema_version (version) values (1)`)
  const { migrationId } = await claimMigration(session, claimOf(plan, target))
  expect(await controlVersion(session)).toBe(1)
  expect(await openSnapshots(session, migrationId)).toEqual([])
  expect(await waitingGate(session, migrationId)).toBeNull()
  expect(await installControl(session)).toEqual({ version: CONTROL_VERSION, created: false })

  const job = {
    id: 1000,
    table: 'device',
    object: 'plant.device',
    kind: 'retention',
    definition: '{"config": {"big": 9007199254740993}}',
    timezone: 'Europe/Vienna',
    nextStart: '2027-01-01 00:00:00.123456+00',
  } as const
  await putSnapshot(session, migrationId, job, 'paused')
  const [kept] = await openSnapshots(session, migrationId)
  const { id: jobId, ...rest } = job
  expect(kept).toMatchObject({ jobId, origin: 'paused', ...rest })
  // Paused anew: the older record is settled, there is never a second open one.
  await putSnapshot(session, migrationId, { ...job, timezone: null }, 'paused')
  const [newer, ...none] = await openSnapshots(session, migrationId)
  expect([newer?.timezone, none]).toEqual([null, []])
  expect(await waitingGate(session, migrationId)).toMatchObject({ code: 'HF-G010', ok: true })
  expect(await settleSnapshot(session, newer?.id ?? '0', 'restored')).toBe(true)
  expect(await settleSnapshot(session, newer?.id ?? '0', 'restored')).toBe(false)
  expect(await waitingGate(session, migrationId)).toBeNull()
  await session.release()
})
