import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compare, steps } from './model.ts'
import { mutants, openMutant } from './mutants.ts'
import { folder } from './stage.ts'
import { everyStuck } from './stuck.ts'

test(
  'does what a few lists would do, through restarts, kills, power cuts and segments',
  { timeout: 60_000 },
  async () => {
    const dir = folder()
    await fc.assert(
      fc.asyncProperty(steps, (all) => compare(all, dir)),
      { seed: 7, numRuns: 120, endOnFailure: true },
    )
  },
)

test('an op that stays open holds no space, and is never lost nor found twice', { timeout: 60_000 }, () =>
  everyStuck(folder()),
)

test.for(Object.keys(mutants))('mutant: %s', { timeout: 60_000 }, async (name) => {
  const open = await openMutant(name)
  const dir = folder()
  if (mutants[name]!.by === 'stuck') return expect(everyStuck(dir, open)).rejects.toThrow(Error)
  const run = fc.assert(
    fc.asyncProperty(steps, (all) => compare(all, dir, open)),
    { seed: 7, numRuns: 120, endOnFailure: true },
  )
  return expect(run).rejects.toThrow(/Property failed/)
})
