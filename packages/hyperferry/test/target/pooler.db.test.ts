// Debian: apt-get install pgbouncer. Skipped with a word where it is missing, except in CI.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { asUser, freePort, ownedBy } from '../../../../test/servers/system.ts'
import { openTarget } from '../../src/target/connect.ts'
import { opened } from '../control/claimed.ts'

const never = new AbortController().signal
const PROGRAM = '/usr/sbin/pgbouncer'
const installed = spawnSync(PROGRAM, ['--version']).status === 0
if (!installed && !process.env['CI']) process.stderr.write('pgbouncer is not installed: its tests are skipped\n')

describe.skipIf(!installed && !process.env['CI'])('behind pgbouncer', () => {
  test('transaction mode is refused, session mode works and is told', async () => {
    const { database } = await opened('pg15')
    const transactional = await pgbouncer(database.url, 'transaction')
    await expect(openTarget(transactional, { connections: 2, signal: never })).rejects.toMatchObject({
      code: 'HF-C015',
    })

    const target = await openTarget(await pgbouncer(database.url, 'session'), { connections: 2, signal: never })
    expect(target.info.pooler).toBe(true)
    const session = await target.session()
    expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await session.release()
    await target.close()
  })
})

async function pgbouncer(url: string, mode: string): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const folder = await mkdtemp(join(tmpdir(), 'hyperferry-pgbouncer-'))
  const own = await freePort()
  const lines = [
    '[databases]',
    `${pathname.slice(1)} = host=${hostname} port=${port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${own}`,
    'unix_socket_dir =',
    'auth_type = plain',
    `auth_file = ${folder}/users`,
    `pool_mode = ${mode}`,
    'ignore_startup_parameters = extra_float_digits',
  ]
  await writeFile(join(folder, 'config'), `${lines.join('\n')}\n`, { mode: 0o644 })
  await writeFile(join(folder, 'users'), `"${username}" "${decodeURIComponent(password)}"\n`, { mode: 0o644 })
  await ownedBy(folder, 'postgres')
  const [program = '', ...args] = await asUser('postgres', [PROGRAM, '-q', join(folder, 'config')])
  const child = spawn(program, args, { stdio: 'ignore' })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })
  const pooled = new URL(url)
  pooled.port = String(own)
  await expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${own}`).then(
          () => 'up',
          (error: { cause?: { code?: string } }) => error.cause?.code,
        ),
      {
        timeout: 10_000,
      },
    )
    .not.toBe('ECONNREFUSED')
  return pooled.href
}
