import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compare, steps } from './model.ts'
import { mutants, openMutant } from './mutants.ts'
import { folder } from './stage.ts'

test('does what a few lists would do, through restarts, kills, power cuts and segments', { timeout: 60_000 }, async () => {
  const dir = folder()
  await fc.assert(
    fc.asyncProperty(steps, (all) => compare(all, dir)),
    { seed: 7, numRuns: 400 },
  )
})

test.for(Object.keys(mutants))('mutant: %s', { timeout: 60_000 }, async (name) => {
  const open = await openMutant(name)
  const dir = folder()
  const run = fc.assert(
    fc.asyncProperty(steps, (all) => compare(all, dir, open)),
    { seed: 7, numRuns: 400, endOnFailure: true },
  )
  await expect(run).rejects.toThrow(/Property failed/)
})
