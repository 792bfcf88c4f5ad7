/** Small things done with files, each durable when it returns. Errors of the file system become HF-E014 and HF-E015. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, HyperferryError, messageOf } from '../../errors.ts'
import { PARTIAL } from './names.ts'

/** Bytes and SHA-256 of a file; null when there is none. */
export async function identityOf(path: string): Promise<{ bytes: number; sha256: string } | null> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      bytes += chunk.byteLength
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw fileError(error, path)
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** Size of a file; null when there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw fileError(error, path)
  }
}

/** The whole file or nothing of it. Replaces one that is there. */
export async function writeWhole(path: string, text: string): Promise<void> {
  // Two exports into one folder may write the same one.
  const partial = `${path}.${process.pid}${PARTIAL}`
  try {
    const handle = await open(partial, 'w')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, path)
  } catch (error) {
    throw fileError(error, path)
  }
  await syncFolder(dirname(path))
}

/** The same for a file that is written anew each time. Throws HF-E010 when one is there that does not name `format`. */
export async function writeOwn(path: string, text: string, format: string): Promise<void> {
  const there = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw fileError(error, path)
  })
  if (there === text) return
  if (there !== null && !there.includes(`"${format}"`))
    throw new HyperferryError('HF-E010', { what: `${path} exists and is not of this export` })
  await writeWhole(path, text)
}

/** Gives a finished file its name. Throws HF-E010 when another file has it. */
export async function publish(path: string): Promise<void> {
  if ((await sizeOf(path)) !== null)
    throw new HyperferryError('HF-E010', { what: `${path} exists and is not of this export` })
  try {
    await rename(`${path}${PARTIAL}`, path)
  } catch (error) {
    throw fileError(error, path)
  }
  await syncFolder(dirname(path))
}

/** Names of files are contents of their folder; some systems cannot sync one and need not. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!['EISDIR', 'EINVAL', 'EPERM', 'ENOTSUP', 'EACCES'].includes(codeOf(error) ?? ''))
      throw fileError(error, folder)
  }
}

/** Takes a file away; fine when there is none. */
export async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw fileError(error, path)
  })
}

const noRoom = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Errors of ours go through as they are. */
export function fileError(cause: unknown, path: string): HyperferryError {
  if (cause instanceof HyperferryError) return cause
  const code = codeOf(cause) ?? ''
  return new HyperferryError(noRoom.has(code) ? 'HF-E014' : 'HF-E015', {
    what: `${path}: ${messageOf(cause)}`,
    sqlstate: code,
    cause,
  })
}
