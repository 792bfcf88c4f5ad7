/** SQLite works in the thread that asks. Large reads get threads of their own, so that they use more cores than one and never hold up anything else. */
import { Worker } from 'node:worker_threads'
import { HyperferryError } from '../../errors.ts'
import type { EncodedBatch, PlannedTable, Slice } from '../../model.ts'
import type { Encoding } from './exact.ts'
import { interrupted } from './interrupted.ts'
import type { SqliteFile } from './open.ts'
import type { FromThread, ToThread } from './reading-messages.ts'

export interface ReadingThreads {
  /** Rows of a slice in one read transaction of a thread that does nothing else meanwhile. */
  read(table: PlannedTable, slice: Slice): AsyncGenerator<EncodedBatch, void, undefined>
  /** Ends all threads; reads that go on fail. */
  close(): Promise<void>
}

export interface ThreadOptions {
  file: SqliteFile
  encoding: Encoding
  timezone: string
  signal: AbortSignal
}

/** Batches (about a megabyte each) that a thread may be ahead of its reader. */
const AHEAD = 3

/** Values of rows die young: more room for them is not quicker, and each thread would keep it. */
const SMALL = { maxYoungGenerationSizeMb: 16 }

/** Threads are started when they are needed and kept until `close`; as many as there are reads at the same time. */
export function readingThreads(options: ThreadOptions): ReadingThreads {
  const idle: Thread[] = []
  const all = new Set<Thread>()
  let closed = false
  const take = (): Thread => {
    if (closed) throw new HyperferryError('HF-R001', { what: `${options.file.path} was closed while it was read` })
    const thread = idle.pop() ?? new Thread(options)
    all.add(thread)
    return thread
  }
  return {
    async *read(table, slice) {
      interrupted(options.signal)
      const thread = take()
      let finished = false
      try {
        thread.send({ kind: 'read', table, slice })
        for (let ahead = 1; ahead < AHEAD; ahead += 1) thread.send({ kind: 'next' })
        for (;;) {
          const message = await thread.next()
          if (message.kind !== 'batch') {
            finished = true
            if (message.kind === 'error') throw new HyperferryError(message.code, message.facts)
            return
          }
          interrupted(options.signal)
          thread.send({ kind: 'next' })
          yield message.batch
        }
      } finally {
        if (finished && !closed) {
          idle.push(thread)
        } else {
          // In the middle of a statement: with the thread its transaction ends.
          all.delete(thread)
          await thread.end()
        }
      }
    },
    async close() {
      closed = true
      await Promise.all([...all].map((thread) => thread.end()))
    },
  }
}

/** What came from a thread, in order, and the end of the thread or of the work as an error. */
class Thread {
  readonly #worker: Worker
  readonly #signal: AbortSignal
  readonly #came: FromThread[] = []
  #failed: unknown = null
  #wake = (): void => {}

  constructor({ signal, ...data }: ThreadOptions) {
    this.#signal = signal
    const file = import.meta.url.endsWith('.ts') ? './reading-thread.ts' : './reading-thread.js'
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: data, resourceLimits: SMALL })
    this.#worker.on('message', (message: FromThread) => {
      this.#came.push(message)
      this.#wake()
    })
    const fail = (error: unknown): void => {
      this.#failed ??= error
      this.#wake()
    }
    this.#worker.on('error', fail)
    this.#worker.on('exit', () => fail(new Error('the thread has ended')))
    // A thread that waits must not keep a process alive that has finished.
    this.#worker.unref()
  }

  send(message: ToThread): void {
    // eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(message)
  }

  async next(): Promise<FromThread> {
    for (;;) {
      interrupted(this.#signal)
      const message = this.#came.shift()
      if (message !== undefined) return message
      if (this.#failed !== null) {
        throw new HyperferryError('HF-R001', { what: 'the thread that reads SQLite has ended', cause: this.#failed })
      }
      await this.#news()
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#signal.removeEventListener('abort', done)
        this.#worker.unref()
        resolve()
      }
      this.#wake = done
      this.#worker.ref()
      this.#signal.addEventListener('abort', done)
    })
  }
}
