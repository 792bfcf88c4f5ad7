/** Runs in a thread of its own: reads slices one after the other and sends their batches. */
import { parentPort, workerData } from 'node:worker_threads'
import { HyperferryError } from '../../errors.ts'
import type { PlannedTable, Slice } from '../../model.ts'
import type { Encoding } from './exact.ts'
import { sqliteError } from './errors.ts'
import type { SqliteFile } from './open.ts'
import { openPool } from './pool.ts'
import type { Pool } from './pool.ts'
import { compileReader } from './reader.ts'
import type { FromThread, ToThread } from './reading-messages.ts'

const { file, encoding, timezone } = workerData as { file: SqliteFile; encoding: Encoding; timezone: string }

if (parentPort !== null) serve(parentPort)

function serve(port: NonNullable<typeof parentPort>): void {
  let asked = 0
  let wake = (): void => {}
  let pool: Pool | null = null
  const send = (message: FromThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
  const read = async (table: PlannedTable, slice: Slice): Promise<void> => {
    try {
      pool ??= openPool(file, 1)
      const { signal } = new AbortController()
      for await (const batch of compileReader(table, { transactions: pool, encoding, timezone, signal }).read(slice)) {
        while (asked === 0) await new Promise<void>((resolve) => (wake = resolve))
        asked -= 1
        send({ kind: 'batch', batch }, [batch.bytes.buffer as ArrayBuffer, batch.ends.buffer as ArrayBuffer])
      }
      send({ kind: 'end' })
    } catch (error) {
      send(failure(error))
    }
  }
  port.on('message', (message: ToThread) => {
    if (message.kind === 'next') {
      asked += 1
      wake()
      return
    }
    asked = 1
    void read(message.table, message.slice)
  })
}

/** Errors lose their class on the way; the catalogue's code makes it again. */
function failure(thrown: unknown): FromThread {
  const error = thrown instanceof HyperferryError ? thrown : sqliteError(thrown, 'cannot read')
  const { code, message, hint, sqlstate, details } = error
  return { kind: 'error', code, facts: { what: message, hint, ...(sqlstate === null ? {} : { sqlstate }), details } }
}
