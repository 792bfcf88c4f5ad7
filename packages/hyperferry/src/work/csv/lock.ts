/** One export at a time in a folder. A courtesy to people, as the migration's lock is: who is dead holds nothing. */
import { open, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { codeOf, HyperferryError } from '../../errors.ts'
import { fileError, remove } from './files.ts'
import { LOCK } from './names.ts'

/** Runs `use` alone in `folder`. Throws HF-E018 when another process that is alive (or one of another machine) works there. */
export async function alone<T>(folder: string, use: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK)
  if (!(await taken(path))) {
    const { pid, host } = await holder(path)
    if (host !== hostname() || isAlive(pid))
      throw new HyperferryError('HF-E018', { what: `${folder}: process ${pid} on ${host} exports into it` })
    await remove(path)
    if (!(await taken(path)))
      throw new HyperferryError('HF-E018', { what: `${folder}: another process exports into it` })
  }
  try {
    return await use()
  } finally {
    await remove(path)
  }
}

/** Whether this process has the lock now; false when there is a holder. */
async function taken(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx')
    try {
      await handle.writeFile(JSON.stringify({ pid: process.pid, host: hostname() }))
    } finally {
      await handle.close()
    }
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw fileError(error, path)
  }
}

/** An unreadable lock was left by a process that died while it wrote it. */
async function holder(path: string): Promise<{ pid: number; host: string }> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const match = /^\{"pid":(\d+),"host":"(.*)"\}$/.exec(text)
  return { pid: Number(match?.[1] ?? 0), host: match?.[2] ?? hostname() }
}

/** A restarted container gives the same number again: to this very process. */
function isAlive(pid: number): boolean {
  if (pid === 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}
