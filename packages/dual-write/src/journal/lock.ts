/** One process for each journal folder. Node has no file locks, so a file says who has it; the lock of a dead process is taken over. */
import { randomUUID } from 'node:crypto'
import {
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { JournalError, JournalLockedError } from '../errors.ts'
import { codeOf } from './io.ts'
import { ownProcess, verdictOn } from './owner.ts'
import type { Owner } from './owner.ts'

export interface Lock {
  /** Another process took over, as this one stood still for too long: it must write nothing any more. */
  readonly isLost: boolean
  release(): void
}

const SPARE = 'lock.spare'
const SPARE_BYTES = 1024

export interface LockTimes {
  /** Ms between two touches of the lock by its owner. Default 1000. */
  touch?: number
  /** Ms without a touch after which an owner that cannot be looked at (another machine or container) is dead. Default 10,000. */
  silence?: number
}

interface Held {
  generation: number
  path: string
  /** Null when it is empty, as its owner left it, or unreadable, as power loss may: nobody who is alive wrote that. */
  owner: Owner | null
}

/**
 * Locks are files `lock.1`, `lock.2`, …: the highest number has the folder, whoever takes over makes the next one, and since a file is made with its content
 * in one step (`link`), one of several wins. The highest file is never removed, only emptied by its owner: else two late comers could make different numbers.
 * Throws JournalLockedError when a living process has the folder.
 */
export async function lockFolder(dir: string, { touch = 1000, silence = 10_000 }: LockTimes = {}): Promise<Lock> {
  for (;;) {
    const top = highest(dir)
    if (top !== null && (await isHeld(top, silence))) throw lockedBy(dir, top)
    const generation = (top?.generation ?? 0) + 1
    if (!make(dir, generation)) continue
    const path = pathOf(dir, generation)
    // Someone faster may have come and gone since the look: then this is no longer the highest number.
    if (highest(dir)?.generation !== generation) {
      unlinkSync(path)
      continue
    }
    for (const lower of generations(dir).filter((each) => each < generation)) remove(pathOf(dir, lower))
    keepSpare(dir)
    return held(dir, generation, touch)
  }
}

function held(dir: string, generation: number, touch: number): Lock {
  const path = pathOf(dir, generation)
  let isLost = false
  const timer = setInterval(() => {
    try {
      const now = Date.now() / 1000
      utimesSync(path, now, now)
      isLost ||= Math.max(...generations(dir)) !== generation
    } catch (error) {
      // Other errors are the disk's, which the next write will meet too.
      if (codeOf(error) === 'ENOENT') isLost = true
    }
  }, touch)
  timer.unref()
  return {
    get isLost() {
      return isLost
    },
    release() {
      clearInterval(timer)
      if (Math.max(...generations(dir)) !== generation) return
      truncateSync(path)
    },
  }
}

async function isHeld({ path, owner }: Held, silence: number): Promise<boolean> {
  if (owner === null) return false
  const verdict = verdictOn(owner)
  return verdict === 'unknown' ? isTouched(path, silence) : verdict === 'alive'
}

/** Waits for a sign of life. The clock of the owner may be wrong, so what counts is that the time changes. */
async function isTouched(path: string, silence: number): Promise<boolean> {
  const before = touchedAt(path)
  const end = performance.now() + silence
  while (performance.now() < end) {
    await sleep(Math.min(200, silence / 10))
    if (touchedAt(path) !== before) return true
  }
  return false
}

function touchedAt(path: string): number | null {
  try {
    return statSync(path).mtimeMs
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Makes the file of a generation, whole at once; false when it is there already. */
function make(dir: string, generation: number): boolean {
  const path = join(dir, `lock-${randomUUID()}.tmp`)
  try {
    writeOwner(dir, path)
    linkSync(path, pathOf(dir, generation))
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw new JournalError(`the journal in ${dir} cannot be locked`, error)
  } finally {
    remove(path)
  }
}

/** On a full disk it takes a block that an earlier owner put aside: a writer has to start there, as it delivers what fills the disk. */
function writeOwner(dir: string, path: string): void {
  const text = JSON.stringify(ownProcess())
  try {
    writeFileSync(path, text)
  } catch (error) {
    if (codeOf(error) !== 'ENOSPC') throw error
    renameSync(join(dir, SPARE), path)
    writeFileSync(path, text.padEnd(SPARE_BYTES), { flag: 'r+' })
  }
}

function keepSpare(dir: string): void {
  const path = join(dir, SPARE)
  try {
    if (statSync(path, { throwIfNoEntry: false })?.size !== SPARE_BYTES) writeFileSync(path, ' '.repeat(SPARE_BYTES))
  } catch (error) {
    // The next owner finds room again, or not.
    if (codeOf(error) !== 'ENOSPC') throw error
  }
}

/** The highest lock, read in one piece with its number; null when nobody ever had the folder. */
function highest(dir: string): Held | null {
  for (;;) {
    const all = generations(dir)
    if (all.length === 0) return null
    const generation = Math.max(...all)
    const path = pathOf(dir, generation)
    try {
      return { generation, path, owner: parse(readFileSync(path, 'utf8')) }
    } catch (error) {
      // Gone since the look: there is a higher one.
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
}

function parse(text: string): Owner | null {
  try {
    return JSON.parse(text) as Owner
  } catch {
    return null
  }
}

function generations(dir: string): number[] {
  return readdirSync(dir).flatMap((name) => (/^lock\.\d+$/.test(name) ? [Number(name.slice(5))] : []))
}

function pathOf(dir: string, generation: number): string {
  return join(dir, `lock.${generation}`)
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

function lockedBy(dir: string, { owner, path }: Held): JournalLockedError {
  return new JournalLockedError(`the journal in ${dir} belongs to process ${owner?.pid} on ${owner?.host} (${path})`)
}
