// Test servers by hand: npm run servers -- start mariadb,pg17 | list | stop [PID] | run mariadb,pg17 -- command
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverNames, type ServerName } from '../test/servers/catalogue.ts'
import { environmentName, startServer, type Server } from '../test/servers/start.ts'

const usage = `usage: npm run servers -- start NAMES [--durable]      start in the background, print environment lines
       npm run servers -- list                         print them again, with the process that keeps them
       npm run servers -- stop [PID]                   end all of them, or those of one keeper, and delete their data
       npm run servers -- run NAMES [--durable] -- COMMAND   run a command with its own servers
NAMES: comma-separated, of ${serverNames.join(' ')}`

/** One file per background keeper, named by its process id; the keeper owns the servers. */
const keepers = join(tmpdir(), `hyperferry-keepers-${process.getuid?.() ?? 0}`)

async function main([verb, ...rest]: readonly string[]): Promise<number> {
  switch (verb) {
    case 'start':
      return startKeeper(rest)
    case 'keep':
      return keep(rest)
    case 'list':
      for (const { pid, lines } of running()) console.log(`# keeper ${pid}\n${lines}`)
      return 0
    case 'stop':
      return stop(rest.map(Number))
    case 'run':
      return runWith(rest)
    default:
      console.error(usage)
      return 2
  }
}

async function startKeeper(args: readonly string[]): Promise<number> {
  parse(args)
  const keeper = spawn(process.execPath, [import.meta.filename, 'keep', ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ready = once(keeper, 'message').then(([lines]) => String(lines))
  const ended = once(keeper, 'exit').then(() => undefined)
  const lines = await Promise.race([ready, ended])
  if (lines === undefined) return 1
  console.log(lines)
  keeper.disconnect()
  keeper.unref()
  return 0
}

async function keep(args: readonly string[]): Promise<number> {
  const ended = untilSignal()
  const servers = await startAll(args)
  const lines = Object.entries(environment(servers)).map(([name, url]) => `${name}=${url}`)
  mkdirSync(keepers, { recursive: true, mode: 0o700 })
  const file = join(keepers, String(process.pid))
  writeFileSync(file, lines.join('\n'))
  process.send?.(lines.join('\n'))
  await ended
  await Promise.all(servers.map((server) => server.stop()))
  rmSync(file, { force: true })
  return 0
}

async function stop(only: readonly number[]): Promise<number> {
  for (const { pid } of running().filter((keeper) => only.length === 0 || only.includes(keeper.pid))) {
    process.kill(pid, 'SIGTERM')
    while (isAlive(pid)) await new Promise((done) => setTimeout(done, 20))
    console.log(`stopped ${pid}`)
  }
  if (running().length === 0) rmSync(keepers, { recursive: true, force: true })
  return 0
}

async function runWith(args: readonly string[]): Promise<number> {
  const split = args.indexOf('--')
  const [program, ...rest] = args.slice(split + 1)
  if (split < 0 || !program) throw new Error(`no command after --\n${usage}`)
  const servers = await startAll(args.slice(0, split))
  // Ctrl+C reaches the command as well; it ends first and we clean up after it.
  process.on('SIGINT', () => {}).on('SIGTERM', () => child.kill('SIGTERM'))
  const child = spawn(program, rest, { stdio: 'inherit', env: { ...process.env, ...environment(servers) } })
  const code = await new Promise<number>((done) => {
    child.once('error', (error) => {
      console.error(error.message)
      done(127)
    })
    child.once('exit', (exitCode) => done(exitCode ?? 1))
  })
  await Promise.all(servers.map((server) => server.stop()))
  return code
}

async function startAll(args: readonly string[]): Promise<Server[]> {
  const { names, durable } = parse(args)
  const results = await Promise.allSettled(names.map((name) => startServer(name, { durable })))
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (!failed) return servers
  await Promise.all(servers.map((server) => server.stop()))
  throw failed.reason
}

function parse(args: readonly string[]): { names: ServerName[]; durable: boolean } {
  const words = args.filter((arg) => arg !== '--durable').flatMap((arg) => arg.split(/[\s,]+/))
  const names = serverNames.filter((name) => words.includes(name))
  const unknown = words.filter((word) => !serverNames.some((name) => name === word))
  if (unknown.length > 0 || names.length === 0)
    throw new Error(`unknown server: ${unknown.join(' ') || '(none)'}\n${usage}`)
  return { names, durable: args.includes('--durable') }
}

function environment(servers: readonly Server[]): Record<string, string> {
  return Object.fromEntries(servers.map((server) => [environmentName(server.name), server.url]))
}

function running(): { pid: number; lines: string }[] {
  let files: string[] = []
  try {
    files = readdirSync(keepers)
  } catch {
    // No folder: nothing was started.
  }
  return files
    .filter((file) => isAlive(Number(file)))
    .map((file) => ({ pid: Number(file), lines: readFileSync(join(keepers, file), 'utf8') }))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function untilSignal(): Promise<void> {
  return new Promise((done) => {
    // A timer keeps the process up; signal listeners alone do not.
    const alive = setInterval(() => {}, 2 ** 30)
    const end = (): void => {
      clearInterval(alive)
      done()
    }
    process.once('SIGTERM', end).once('SIGINT', end)
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
