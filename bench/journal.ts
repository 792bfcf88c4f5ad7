// How many intents (with their commit marks) a second the journal takes on this machine's disk. Run: node bench/journal.ts [folder]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openJournal } from '../packages/dual-write/src/journal/open.ts'

const base = process.argv[2] ?? tmpdir()
const SECONDS = 2
const row = [1n, 'device-0017', 21.5, new Uint8Array(16)]
const record = {
  collection: 'reading',
  columns: ['id', 'device', 'hum', 'raw'],
  rows: [row],
  at: 0n,
  low: 0n,
  marked: true,
}

for (const durability of ['fsync', 'process'] as const) {
  for (const callers of [1, 32]) {
    const dir = mkdtempSync(join(base, 'hyperferry-bench-'))
    const journal = await openJournal({ dir, durability })
    const start = performance.now()
    let done = 0
    const waits: number[] = []
    const call = async (): Promise<void> => {
      while (performance.now() - start < SECONDS * 1000) {
        const began = performance.now()
        const seq = await journal.intent(record)
        waits.push(performance.now() - began)
        await journal.commit(seq)
        done++
      }
    }
    await Promise.all(Array.from({ length: callers }, call))
    const rate = Math.round(done / ((performance.now() - start) / 1000))
    waits.sort((a, b) => a - b)
    const at = (share: number): string => (waits[Math.floor(waits.length * share)] ?? 0).toFixed(2)
    const read = performance.now()
    for (let after = 0; after < done;) after += (await journal.deliveries(after, 500)).length
    const readRate = Math.round(done / ((performance.now() - read) / 1000))
    await journal.close()
    const opening = performance.now()
    await (await openJournal({ dir, durability })).close()
    const opened = Math.round(performance.now() - opening)
    console.log(
      `${durability.padEnd(8)} ${String(callers).padStart(2)} callers  ${rate} ops/s  intent p50 ${at(0.5)} ms, p99 ${at(0.99)} ms  ` +
        `read back ${readRate}/s  opened anew with ${done} in ${opened} ms`,
    )
    rmSync(dir, { recursive: true })
  }
}
