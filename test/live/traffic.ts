// What an application does while its history moves, by a fixed seed: mostly rows of now, some late ones, in small transactions, delivered a little later.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { DAY, F, T, TABLES } from './backfill-world.ts'
import type { LiveTable, Row } from './backfill-world.ts'
import { DeliveringWriter } from './delivering-writer.ts'
import type { WriterOptions } from './delivering-writer.ts'

export interface TrafficOptions extends Omit<WriterOptions, 'name'> {
  writers: number
  random: () => number
  /** Late rows in all, from the first receipt on; then only rows of now are written, or ranges would be done again for ever. */
  late: number
  /** The table whose first receipt that is. Default any. */
  lateWith?: LiveTable
}

/** Records that may wait: a writer that cannot deliver would keep every barrier waiting. */
const MOST = 6

/** Runs until `stop`, which returns when everything is delivered; gives the SQLSTATEs that writers got. */
export async function traffic(options: TrafficOptions): Promise<{ stop: () => Promise<string[]> }> {
  let stopping = false
  let next = 1_000_000
  let late = 0
  const { random } = options
  const rowOf = (): Row => {
    next += 1
    const tag = `new ${next % 3}`
    if (late > 0 && random() < 0.5) {
      late -= 1
      const at =
        random() < 0.1 ? F + Math.floor(random() * 3) : random() < 0.2 ? T - 1 : T - Math.floor(random() * 40 * DAY) - 1
      return { id: next, at, tag }
    }
    return { id: next, at: random() < 0.05 ? T : random() < 0.05 ? F - 1 : T + Math.floor(random() * 20 * DAY), tag }
  }
  const begun = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: options.targetUrl })
    await client.connect()
    while (!stopping) {
      const { rows } = await client.query<{ begun: boolean }>(
        `select exists (select from hyperferry.receipt r join hyperferry.migrated_table t on t.id = r.table_id
           where $1::text is null or t.source = $1) as begun`,
        [options.lateWith ?? null],
      )
      if (rows[0]?.begun === true) {
        late = options.late
        break
      }
      await sleep(5)
    }
    await client.end()
  }
  const writers = await Promise.all(
    Array.from({ length: options.writers }, (_, n) => new DeliveringWriter({ ...options, name: `w${n}` }).start()),
  )
  const loops = [
    begun(),
    ...writers.flatMap((writer) => [
      (async () => {
        while (!stopping) {
          const table = TABLES[Math.floor(random() * TABLES.length)] ?? 'metric'
          await writer.write(table, Array.from({ length: 1 + Math.floor(random() * 3) }, rowOf))
          do await sleep(1 + random() * 8)
          while (writer.backlog > MOST && !stopping)
        }
      })(),
      (async () => {
        while (!stopping) {
          await sleep(random() * 30)
          await writer.deliver(1 + Math.floor(random() * 6))
        }
      })(),
    ]),
  ]
  let ended: Promise<string[]> | null = null
  const end = async (): Promise<string[]> => {
    stopping = true
    await Promise.all(loops)
    for (const writer of writers) await writer.stop()
    return writers.flatMap(({ errors }) => errors)
  }
  const stop = (): Promise<string[]> => (ended ??= end())
  // Also after a failure, before the databases go.
  onTestFinished(async () => void (await stop()))
  return { stop }
}
