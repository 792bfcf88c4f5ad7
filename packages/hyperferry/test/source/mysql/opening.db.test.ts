// Opening a source: what is refused and by which code.
import { describe, expect, it } from 'vitest'
import { serverUrl } from '../../../../../test/servers/index.ts'
import { database, make, open, SERVERS } from './harness.ts'

describe.each(SERVERS)('opening %s', (server) => {
  it('says which server it is and whether the account can write', async () => {
    const { source, fresh } = await make(server, ['CREATE TABLE t (id int PRIMARY KEY)'])
    const { info } = source
    expect(info).toMatchObject({
      engine: 'mysql',
      product: server === 'mysql' ? 'MySQL' : 'MariaDB',
      database: fresh.database,
      readOnly: true,
    })
    expect(info.version).toMatch(/^\d+\.\d+\.\d+$/)
    const admin = await open(fresh.adminUrl)
    expect(admin.info.readOnly).toBe(false)
    expect(admin.info.identity).toBe(info.identity)
    const other = await make(server, [])
    expect(other.source.info.identity).not.toBe(info.identity)
  })

  it('cannot write, whoever opens it', async () => {
    const { source, fresh, root } = await make(server, ['CREATE TABLE t (id int PRIMARY KEY)'])
    expect(source.info.readOnly).toBe(true)
    await open(fresh.adminUrl)
    const [rows] = await root.query('SELECT COUNT(*) AS n FROM t')
    expect(rows).toEqual([{ n: 0 }])
  })

  it('refuses a wrong password, an unknown database and a closed port', async () => {
    const { fresh } = await database(server, [])
    const wrong = new URL(fresh.url)
    wrong.password = 'wrong'
    await expect(open(wrong.href)).rejects.toMatchObject({ code: 'HF-C002', exitCode: 1 })
    await expect(open(wrong.href)).rejects.not.toMatchObject({ message: expect.stringContaining('wrong') as string })
    const missing = new URL(fresh.adminUrl)
    missing.pathname = '/no_such_database'
    await expect(open(missing.href)).rejects.toMatchObject({ code: 'HF-C003' })
    const foreign = new URL(fresh.url)
    foreign.pathname = '/mysql'
    await expect(open(foreign.href)).rejects.toMatchObject({ code: 'HF-C004' })
    const closed = new URL(fresh.url)
    closed.port = '1'
    await expect(open(closed.href)).rejects.toMatchObject({ code: 'HF-C001', retry: 'transient' })
    const nowhere = new URL(fresh.url)
    nowhere.hostname = 'no-such-host.invalid'
    await expect(open(nowhere.href)).rejects.toMatchObject({ code: 'HF-C001' })
  })

  it('stops when the signal is aborted before it starts', async () => {
    const { fresh } = await database(server, [])
    await expect(open(fresh.url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'HF-B022' })
  })

  it('names the tables it may not read', async () => {
    const { fresh, root } = await database(server, [
      'CREATE TABLE seen (id int)',
      'CREATE TABLE hidden (id int, x int)',
    ])
    const account = `'${fresh.reader.name}'@'%'`
    await root.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${account}`)
    await root.query(`GRANT SELECT ON seen TO ${account}`)
    await root.query(`GRANT SELECT (id) ON hidden TO ${account}`)
    const source = await open(fresh.url)
    expect(source.info.readOnly).toBe(true)
    const checks = await source.checks()
    expect(checks.find((check) => check.code === 'HF-C004')).toMatchObject({
      ok: false,
      severity: 'error',
      message: 'SELECT is missing on hidden',
    })
  })

  it('checks the settings that matter', async () => {
    const { source, root } = await make(server, [
      'CREATE TABLE t (id int PRIMARY KEY)',
      'CREATE TABLE old (id int) ENGINE = MyISAM',
      'CREATE TABLE `odd ``name` (`a``b` int)',
    ])
    await root.query('INSERT INTO t VALUES (1)')
    const checks = await source.checks()
    expect(checks.filter((check) => check.severity === 'error')).toEqual([])
    expect(checks.find((check) => check.code === 'HF-C032')?.message).toContain('old (MyISAM)')
    expect(checks.find((check) => check.code === 'HF-C030')?.ok).toBe(true)
    expect(checks.find((check) => check.code === 'HF-C004')?.ok).toBe(true)
  })
})

describe('TLS', () => {
  it('is used when asked for, and a certificate nobody knows is refused', async () => {
    const { fresh } = await database('mysql', [])
    const source = await open(`${fresh.url}?ssl-mode=REQUIRED`)
    const checks = await source.checks()
    expect(checks.find((check) => check.code === 'HF-C017')?.message).toMatch(/^encrypted \(TLS/)
    await expect(open(`${fresh.url}?ssl-mode=VERIFY_CA`)).rejects.toMatchObject({ code: 'HF-C017' })
  })

  it('is refused by name when the server has none', async () => {
    const { fresh } = await database('mariadb', [])
    await expect(open(`${fresh.url}?ssl-mode=REQUIRED`)).rejects.toMatchObject({ code: 'HF-C017' })
  })
})

it('stops waiting for a greeting when it is told to', async () => {
  const url = new URL(await serverUrl('pg17'))
  const abort = new AbortController()
  const opening = open(`mysql://someone@127.0.0.1:${url.port}/db`, { signal: abort.signal })
  setTimeout(() => abort.abort(), 200)
  await expect(opening).rejects.toMatchObject({ code: 'HF-B022' })
})

it('tells another service from a MySQL that is down', async () => {
  const url = new URL(await serverUrl('pg17'))
  await expect(open(`mysql://someone:secret@127.0.0.1:${url.port}/db?connect-timeout=1`)).rejects.toMatchObject({
    code: 'HF-C006',
  })
})
