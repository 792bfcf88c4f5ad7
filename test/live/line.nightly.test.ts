// Every engine with one writer and with four, and in each run everything at once: the target dies, a writer is killed, the tool is killed in every step.
import { test } from 'vitest'
import { isRight, KILLS, line } from './one-line.ts'

for (const database of ['sqlite', 'mariadb', 'mysql'] as const) {
  for (const writers of [1, 4]) {
    test(`${database}, writers: ${writers}`, { timeout: 900_000 }, async () => {
      const result = await line({
        database,
        writers,
        rate: writers === 1 ? 80 : 40,
        crashDuring: 'verify',
        killWriterAfter: 'completion-point',
        failpoints: KILLS,
      })
      isRight(result, { writes: 1000, faults: 9 })
    })
  }
}
