// The same cases into TimescaleDB's community edition: hypertables with columnstore settings and paused policies.
import { test } from 'vitest'
import { describeWith } from '../servers/index.ts'
import { readCases } from './case.ts'
import { move } from './move.ts'

for (const one of readCases()) {
  for (const source of one.sources) {
    const describeCase = await describeWith('tsl', ...(source === 'sqlite' ? [] : [source]))
    describeCase(`${one.name}: ${source} → tsl`, () => {
      test('moves, proves, and changes nothing when run again', { timeout: 600_000 }, () => move(one, source, 'tsl'))
    })
  }
}
