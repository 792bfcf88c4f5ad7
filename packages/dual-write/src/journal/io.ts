/** The few things the journal asks of a file system. One object, so that tests can take power, space or a disk away. */
import { open, readFile, readdir, rename, statfs, unlink } from 'node:fs/promises'

export interface JournalFile {
  /** Writes all of `bytes` at `position`; on an error some of them may be there. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Reads up to `size` bytes; fewer only at the end of the file. */
  read(position: number, size: number): Promise<Buffer>
  /** Contents (and as much of the metadata as reading them needs) on the disk. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

export interface JournalIo {
  /** `make`: new and empty whatever was there. `write`: it exists. */
  open(path: string, mode: 'make' | 'write' | 'read'): Promise<JournalFile>
  readFile(path: string): Promise<Buffer>
  list(dir: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Makes names that were made, renamed or deleted in `dir` durable. */
  syncDir(dir: string): Promise<void>
  /** Whether what is written here outlives the container or the machine's memory. */
  place(dir: string): Promise<'disk' | 'ephemeral'>
}

export const nodeIo: JournalIo = {
  async open(path, mode) {
    const handle = await open(path, mode === 'make' ? 'w+' : mode === 'write' ? 'r+' : 'r')
    return {
      async write(bytes, position) {
        for (let done = 0; done < bytes.length;) {
          const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
          done += bytesWritten
        }
      },
      async read(position, size) {
        const bytes = Buffer.allocUnsafe(size)
        let done = 0
        while (done < size) {
          const { bytesRead } = await handle.read(bytes, done, size - done, position + done)
          if (bytesRead === 0) break
          done += bytesRead
        }
        return bytes.subarray(0, done)
      },
      sync: () => handle.datasync(),
      truncate: (size) => handle.truncate(size),
      close: () => handle.close(),
    }
  },
  readFile: (path) => readFile(path),
  list: (dir) => readdir(dir),
  rename,
  unlink,
  async syncDir(dir) {
    const handle = await open(dir, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  async place(dir) {
    return EPHEMERAL.has((await statfs(dir)).type) ? 'ephemeral' : 'disk'
  },
}

/** Magic numbers of statfs(2): tmpfs, ramfs, overlayfs (the layer of a container, gone with it). */
const EPHEMERAL = new Set([0x01021994, 0x858458f6, 0x794c7630])

/** The same, but nothing waits for a disk: what durability `process` asks for. */
export function withoutSync(io: JournalIo): JournalIo {
  return {
    async open(path, mode) {
      return { ...(await io.open(path, mode)), sync: async () => {} }
    },
    readFile: (path) => io.readFile(path),
    list: (dir) => io.list(dir),
    rename: (from, to) => io.rename(from, to),
    unlink: (path) => io.unlink(path),
    syncDir: async () => {},
    place: (dir) => io.place(dir),
  }
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
