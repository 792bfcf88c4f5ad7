import { expect, onTestFinished, test } from 'vitest'
import { targetChecks } from '../../src/target/checks.ts'
import { openTarget } from '../../src/target/connect.ts'
import { opened } from '../control/claimed.ts'

const never = new AbortController().signal

test('an owner of the database passes, on every edition', async () => {
  for (const server of ['pg15', 'ts-sid'] as const) {
    const { target } = await opened(server)
    const checks = await targetChecks(target, { schema: 'plant', owner: null })
    expect(checks.filter(({ ok, severity }) => !ok && severity === 'error')).toEqual([])
    expect(checks.map(({ message }) => message).join('\n')).toContain('not a superuser')
  }
})

test('each missing privilege comes with the statement that grants it, and the statement helps', async () => {
  const { database } = await opened('pg15')
  const admin = await openTarget(database.superUrl, { connections: 1, signal: never })
  onTestFinished(() => admin.close())
  const { name } = database.owner
  await admin.query(`alter database ${database.database} owner to postgres; revoke all on database ${database.database} from public;
    grant connect on database ${database.database} to ${name}; create schema plant; create role ${name}_app`)
  const target = await openTarget(database.url, { connections: 1, signal: never })
  onTestFinished(() => target.close())
  const place = { schema: 'plant', owner: `${name}_app` }
  const failed = (await targetChecks(target, place)).filter(({ ok }) => !ok)
  expect(failed.map(({ code }) => code)).toEqual(['HF-C013', 'HF-C013', 'HF-C013', 'HF-C013'])
  for (const { hint } of failed) {
    const statement = /(GRANT|ALTER|CREATE) .*;/.exec(hint ?? '')?.[0]
    await admin.query(statement ?? 'no statement in the hint')
  }
  expect((await targetChecks(target, place)).filter(({ ok }) => !ok)).toEqual([])
  expect((await targetChecks(target, { schema: 'plant', owner: 'nobody_here' })).filter(({ ok }) => !ok)).toHaveLength(
    1,
  )
  await admin.query(`drop owned by ${name}_app; revoke ${name}_app from ${name}; drop role ${name}_app`)
})

test('TimescaleDB that only waits to be created is a warning', async () => {
  const { target, database } = await opened('ts-sid')
  await target.close()
  const admin = await openTarget(database.superUrl, { connections: 1, signal: never })
  await admin.query('drop extension timescaledb')
  const again = await openTarget(database.url, { connections: 1, signal: never })
  onTestFinished(() => again.close())
  expect((await targetChecks(again, { schema: 'plant', owner: null })).filter(({ ok }) => !ok)).toMatchObject([
    { code: 'HF-C022', severity: 'warn' },
  ])
  await admin.close()
})
