/** One process for each journal folder. Node has no file locks, so a file says who has it; one whose owner is dead is taken over. */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { JournalLockedError } from '../errors.ts'

export interface Lock {
  release(): void
}

interface Owner {
  token: string
  pid: number
  host: string
  /** Of the process, so that another one with the same number is not taken for it. */
  start: string
  boot: string
}

/** Touched so often; of a process on another machine (or in another container) nothing else can be seen. */
const TOUCH_MS = 2000
const FOREIGN_DEAD_MS = 30_000
const TAKEOVER_DEAD_MS = 10_000

/** Throws JournalLockedError when a living process has the folder. */
export async function lockFolder(dir: string): Promise<Lock> {
  const path = join(dir, 'lock')
  const own: Owner = {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    start: startOf(process.pid),
    boot: bootId(),
  }
  if (!create(path, own)) {
    await underTakeover(dir, () => {
      const owner = read(path)
      if (owner !== null && isAlive(owner, path)) {
        throw new JournalLockedError(`the journal in ${dir} belongs to process ${owner.pid} on ${owner.host}`)
      }
      if (owner !== null) unlinkSync(path)
      if (!create(path, own)) throw new JournalLockedError(`the journal in ${dir} was just taken by another process`)
    })
  }
  const timer = setInterval(() => touch(path), TOUCH_MS)
  timer.unref()
  return {
    release() {
      clearInterval(timer)
      if (read(path)?.token === own.token) unlinkSync(path)
    },
  }
}

function create(path: string, own: Owner): boolean {
  try {
    const file = openSync(path, 'wx')
    writeSync(file, JSON.stringify(own))
    closeSync(file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Two processes that find the same dead owner: one of them takes over, the other looks again afterwards. */
async function underTakeover(dir: string, use: () => void): Promise<void> {
  const path = join(dir, 'lock.takeover')
  for (;;) {
    try {
      mkdirSync(path)
      break
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      if (ageOf(path) > TAKEOVER_DEAD_MS) removeFolder(path)
      await sleep(20)
    }
  }
  try {
    use()
  } finally {
    removeFolder(path)
  }
}

/** A file that is empty is being written this moment, or was left so by a process that died in it. */
function isAlive(owner: Owner, path: string): boolean {
  if (owner.host !== hostname()) return ageOf(path) < FOREIGN_DEAD_MS
  if (owner.boot !== bootId()) return false
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  return owner.start === startOf(owner.pid)
}

function read(path: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    if (error instanceof SyntaxError) return { token: '', pid: 0, host: hostname(), start: '', boot: '' }
    throw error
  }
}

function touch(path: string): void {
  const now = Date.now() / 1000
  try {
    utimesSync(path, now, now)
  } catch {
    // The folder is gone or the disk has failed: the next write says so.
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0
  }
}

function removeFolder(path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** When the process began, by the kernel; empty where it does not say. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
