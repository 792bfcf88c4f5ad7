/** What makes a file this one and no other: its size, its time, its first and last MiB. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { codeOf, HyperferryError, messageOf } from '../../errors.ts'

/** Plain data, kept with the import. */
export type FileIdentity = {
  size: number
  /** Of the last change, ISO 8601 UTC with nanoseconds. */
  changed: string
  /** SHA-256 of the first and the last MiB. */
  edges: string
}

const EDGE = 1024 * 1024

/** Throws HF-F001 for what is no file. */
export async function identityOf(path: string, handle: FileHandle): Promise<FileIdentity> {
  const stat = await handle.stat({ bigint: true })
  if (!stat.isFile()) throw new HyperferryError('HF-F001', { what: `${path} is not a file` })
  const size = Number(stat.size)
  const hash = createHash('sha256')
  const edge = Buffer.alloc(EDGE)
  for (const at of [0, Math.max(0, size - EDGE)]) {
    const { bytesRead } = await handle.read(edge, 0, EDGE, at)
    hash.update(edge.subarray(0, bytesRead))
  }
  return { size, changed: instant(stat.mtimeNs), edges: hash.digest('hex') }
}

/** Throws HF-F012: the bytes that were read may belong to two versions of the file. */
export function mustBeSame(label: string, before: FileIdentity, now: FileIdentity): void {
  const differences = differencesOf(before, now)
  if (differences.length === 0) return
  throw new HyperferryError('HF-F012', { what: `${label} changed while it was read: ${differences.join(', ')}` })
}

/** In words, for people; empty when both are the same file. */
export function differencesOf(before: FileIdentity, now: FileIdentity): string[] {
  return [
    ...(before.size === now.size ? [] : [`it had ${before.size} bytes and has ${now.size}`]),
    ...(before.changed === now.changed ? [] : [`it was of ${before.changed} and is of ${now.changed}`]),
    ...(before.edges === now.edges ? [] : ['its beginning or end is another one']),
  ]
}

/** HF-F001 with the reason of the system. */
export function fileError(path: string, cause: unknown): HyperferryError {
  const code = codeOf(cause)
  return new HyperferryError('HF-F001', {
    what: `${path}: ${messageOf(cause)}`,
    cause,
    ...(code && { sqlstate: code }),
  })
}

function instant(nanoseconds: bigint): string {
  const billion = 1_000_000_000n
  const fraction = ((nanoseconds % billion) + billion) % billion
  const seconds = Number((nanoseconds - fraction) / billion)
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction.toString().padStart(9, '0')}Z`
}
