// What the test servers need from the operating system: users, ports, process trees, a cache folder.
import { execFile } from 'node:child_process'
import { access, chmod, chown, mkdir, readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)
const isRoot = process.getuid?.() === 0

/** Runs a program to its end and returns what it printed; an error carries its stderr. */
export async function runProgram(argv: readonly string[], cwd = '/'): Promise<string> {
  const [program = '', ...args] = argv
  try {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' }
    return (await exec(program, args, { cwd, env, maxBuffer: 2 ** 26 })).stdout
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string }
    if (code === 'ENOENT') throw new Error(`${program} is not installed`, { cause: error })
    const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n')
    throw new Error(`${program} failed (${String(code)}): ${tail}`, { cause: error })
  }
}

/**
 * The command line that runs `argv` as `user` when we are root, else as ourselves. The kernel kills the program when
 * the process that started it ends; `runuser` would stand in between and break that.
 */
export async function asUser(user: string, argv: readonly string[]): Promise<string[]> {
  const guard = ['setpriv', '--pdeathsig', 'KILL']
  if (!isRoot) return [...guard, ...argv]
  const { uid, gid } = await userIds(user)
  return [...guard, '--reuid', String(uid), '--regid', String(gid), '--clear-groups', ...argv]
}

/** Gives a folder to the user the server runs as. */
export async function ownedBy(folder: string, user: string): Promise<void> {
  if (!isRoot) return
  const { uid, gid } = await userIds(user)
  await chown(folder, uid, gid)
}

/** Whether `user` can run this program; a tree below a private home cannot be reached by others. */
export async function canRun(user: string, program: string): Promise<boolean> {
  return runProgram(await asUser(user, ['test', '-x', program])).then(
    () => true,
    () => false,
  )
}

const known = new Map<string, Promise<{ uid: number; gid: number }>>()

function userIds(user: string): Promise<{ uid: number; gid: number }> {
  const ids = known.get(user) ?? findOrCreateUser(user)
  known.set(user, ids)
  return ids
}

async function findOrCreateUser(user: string): Promise<{ uid: number; gid: number }> {
  const find = async (): Promise<{ uid: number; gid: number }> => {
    const [uid, gid] = await Promise.all([runProgram(['id', '-u', user]), runProgram(['id', '-g', user])])
    return { uid: Number(uid), gid: Number(gid) }
  }
  return find().catch(async () => {
    await runProgram(['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', user])
    return find()
  })
}

/** A port nobody listens on, below the range the kernel hands out for outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000)
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}

/** Kills a process and its children together: PostgreSQL's would otherwise live on for a moment and block a restart. */
export async function killTree(pid: number): Promise<void> {
  const children = await childrenOf(pid)
  for (const each of [pid, ...children]) {
    try {
      process.kill(each, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  while ((await Promise.all(children.map(isAlive))).includes(true)) await new Promise((done) => setTimeout(done, 5))
}

async function childrenOf(parent: number): Promise<number[]> {
  const all = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)
  const parents = await Promise.all(all.map(async (pid) => Number((await processState(pid))[1])))
  return all.filter((_pid, index) => parents[index] === parent)
}

async function isAlive(pid: number): Promise<boolean> {
  const [state = 'X'] = await processState(pid)
  return state !== 'X' && state !== 'Z'
}

/** State letter and parent of a process; empty when it is gone. The name before them may contain spaces. */
async function processState(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Folder for unpacked servers, readable by the servers' users. `HYPERFERRY_CACHE` moves it. */
export async function cacheFolder(): Promise<string> {
  const usual = isRoot ? '/var/cache/hyperferry' : join(homedir(), '.cache/hyperferry')
  const folder = process.env['HYPERFERRY_CACHE'] ?? usual
  await mkdir(folder, { recursive: true })
  if (isRoot) await chmod(folder, 0o755)
  return folder
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
