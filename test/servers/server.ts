// Starts one database server in a temporary folder and makes sure that it and the folder go away.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerName } from './catalogue.ts'
import { asUser, freePort, killTree, ownedBy } from './system.ts'

/** What is particular to one kind of server. */
export interface Recipe {
  readonly name: ServerName
  /** System user to run as when the tests run as root; the servers refuse to be root. */
  readonly user: string
  /** Fills `home` so that `command` can start there. */
  prepare(home: string): Promise<void>
  command(home: string, port: number): readonly string[]
  /** URL of the account that may do everything. */
  url(port: number): string
  /** Resolves when the server answers; throws while it does not. */
  ping(url: string): Promise<void>
  /** Signal for an orderly end. */
  readonly quit: NodeJS.Signals
}

/** A running server; the same port and data through `kill9` and `restart`. */
export interface Server extends AsyncDisposable {
  readonly name: ServerName
  readonly url: string
  readonly port: number
  readonly home: string
  /** Process id of the server, a new one after `restart`. */
  readonly pid: number
  /** Ends the server and all of its processes at once, like a power cut. */
  kill9(): Promise<void>
  /** Ends the server in good order if it still runs, and starts it again. */
  restart(): Promise<void>
  /** Ends the server and deletes its data. */
  stop(): Promise<void>
}

const startLimitMs = 60_000

/** Starts a server on a free port of 127.0.0.1. It never outlives this process. */
export async function launch(recipe: Recipe): Promise<Server> {
  const home = await mkdtemp(join(tmpdir(), `hyperferry-${recipe.name}-`))
  const watchdog = startWatchdog(home)
  const remove = async (): Promise<void> => {
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    watchdog.kill('SIGKILL')
  }
  try {
    await ownedBy(home, recipe.user)
    await recipe.prepare(home)
    for (let tries = 1; ; tries += 1) {
      const port = await freePort()
      try {
        return control(recipe, home, port, await run(recipe, home, port), remove)
      } catch (error) {
        // Somebody else took it since it was looked at.
        if (tries === 5 || !/ended while starting[^]*address already in use/i.test(String(error))) throw error
      }
    }
  } catch (error) {
    await remove()
    throw error
  }
}

// eslint-disable-next-line max-params -- the one caller stands right above
function control(recipe: Recipe, home: string, port: number, first: ChildProcess, remove: () => Promise<void>): Server {
  let child = first
  const running = (): boolean => child.exitCode === null && child.signalCode === null
  const kill9 = async (): Promise<void> => {
    if (!running()) return
    const gone = exitOf(child)
    await killTree(pidOf(child))
    await gone
  }
  const stop = async (): Promise<void> => {
    await kill9()
    await remove()
  }
  return {
    name: recipe.name,
    url: recipe.url(port),
    port,
    home,
    get pid() {
      return pidOf(child)
    },
    kill9,
    async restart() {
      if (running()) {
        const gone = exitOf(child)
        child.kill(recipe.quit)
        await gone
      }
      child = await run(recipe, home, port)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function run(recipe: Recipe, home: string, port: number): Promise<ChildProcess> {
  const logFile = join(home, 'server.log')
  const log = await open(logFile, 'a')
  const [program = '', ...args] = await asUser(recipe.user, recipe.command(home, port))
  const child = spawn(program, args, {
    cwd: home,
    stdio: ['ignore', log.fd, log.fd],
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      LC_ALL: 'C.UTF-8',
      ...(process.env['TZ'] && { TZ: process.env['TZ'] }),
    },
  })
  const failed = new Promise<never>((_resolve, reject) => child.once('error', reject))
  failed.catch(() => {})
  await log.close()
  await Promise.race([
    failed,
    writeFile(join(home, 'pid'), `${child.pid}\n`).then(() => untilReady(recipe, port, child, logFile)),
  ])
  child.unref()
  return child
}

async function untilReady(recipe: Recipe, port: number, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + startLimitMs
  for (;;) {
    const problem = await recipe.ping(recipe.url(port)).then(
      () => undefined,
      (error: unknown) => String(error),
    )
    const ended = child.exitCode !== null || child.signalCode !== null
    // Else it is another one that answers there.
    if (problem === undefined && !ended) return
    if (ended || Date.now() > deadline) {
      const tail = (await readFile(logFile, 'utf8')).split('\n').slice(-15).join('\n')
      if (!ended) await killTree(pidOf(child))
      throw new Error(
        `${recipe.name} ${ended ? 'ended while starting' : 'does not answer'}: ${problem ?? 'another server answers at its port'}\n${tail}`,
      )
    }
    await sleep(40)
  }
}

/**
 * Cleans up after a parent that could not: the pipe breaks however this process ends, kill -9 included.
 * The second round is for server processes that were still writing during the first.
 */
function startWatchdog(home: string): ChildProcess {
  const script = 'read -r _; kill -9 "$(cat "$1/pid")"; rm -rf -- "$1"; sleep 3; rm -rf -- "$1"'
  const watchdog = spawn('sh', ['-c', script, 'hyperferry-watchdog', home], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  const pipe = watchdog.stdin
  if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
  return watchdog
}

/** A server must not keep a finished program alive, but its end has to be awaited where we caused it. */
async function exitOf(child: ChildProcess): Promise<void> {
  child.ref()
  await once(child, 'exit')
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the server process was not started')
  return child.pid
}
