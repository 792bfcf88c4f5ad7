// The whole live line under fire, proven from the writers' own logs.
import { test } from 'vitest'
import { isRight, KILLS, line } from './one-line.ts'

test(
  'SQLite, one writer: the target dies in the backfill, the writer dies after it',
  { timeout: 900_000 },
  async () => {
    const result = await line({ database: 'sqlite', crashDuring: 'backfill', killWriterAfter: 'backfill' })
    isRight(result, { writes: 1000, faults: 2 })
  },
)

test('MariaDB, four writers: the tool is killed in every step', { timeout: 900_000 }, async () => {
  const result = await line({ database: 'mariadb', writers: 4, rate: 40, failpoints: KILLS })
  isRight(result, { writes: 2000, faults: 7 })
})

test(
  'MySQL, four writers: the target dies while T is looked for, a writer after the cutover',
  { timeout: 900_000 },
  async () => {
    const result = await line({
      database: 'mysql',
      writers: 4,
      rate: 40,
      crashDuring: 'completion-point',
      killWriterAfter: 'cutover',
      failpoints: { cutover: 'cutover.after-commit' },
    })
    isRight(result, { writes: 2000, faults: 3 })
  },
)
