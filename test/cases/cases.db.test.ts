// Whole migrations: every case folder, on each of its sources and targets.
import { test } from 'vitest'
import { describeWith } from '../servers/index.ts'
import { readCases } from './case.ts'
import { move } from './move.ts'

for (const one of readCases()) {
  for (const source of one.sources) {
    for (const target of one.targets) {
      const servers = source === 'sqlite' ? [target] : [source, target]
      const describeCase = await describeWith(...servers)
      describeCase(`${one.name}: ${source} → ${target}`, () => {
        test('moves, proves, and changes nothing when run again', { timeout: 600_000 }, () => move(one, source, target))
      })
    }
  }
}
