/** Opens what the rows come from. */
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { openFile } from './file-text.ts'
import { fileError } from './identity.ts'
import { openCompressed, openPipe } from './stream-text.ts'
import type { Text } from './text.ts'

const GZIP = Buffer.from([0x1f, 0x8b])
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/** `path` null: the pipe. Compression is told by the first bytes, not by the name. Throws HF-F001. */
export async function openText(path: string | null, input: Readable): Promise<Text> {
  if (path === null) return openPipe(input)
  const start = await firstBytes(path)
  if (start.subarray(0, 2).equals(GZIP)) return openCompressed(path, 'gzip')
  if (start.equals(ZSTD)) return openCompressed(path, 'zstd')
  return openFile(path)
}

async function firstBytes(path: string): Promise<Buffer> {
  try {
    const handle = await open(path)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw fileError(path, error)
  }
}
