// Whatever the source holds, the draft is a sound plan, the same for the same source, and names every column.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contradictions } from '../../../src/config/plan-consistency.ts'
import { parsePlan, writePlan } from '../../../src/config/plan-file.ts'
import { firstDifference } from '../../../src/config/plan-hash.ts'
import { draftPlan } from '../../../src/steps/plan/draft.ts'
import { arbitraryGiven } from './arbitrary-given.ts'
import { draftInput, planOf } from './given.ts'

test('every draft is sound, whole and the same again', { timeout: 60_000 }, () => {
  const kinds = new Map<string, number>()
  fc.assert(
    fc.property(arbitraryGiven, (one) => {
      const input = draftInput(one)
      const plan = planOf(input)
      expect(contradictions(plan)).toEqual([])
      for (const planned of plan.tables) {
        kinds.set(planned.kind, (kinds.get(planned.kind) ?? 0) + 1)
        const source = input.inventory.tables.find(({ name }) => name === planned.source)!
        expect(planned.columns.map((column) => column.source)).toEqual(source.columns.map(({ name }) => name))
      }
      const turned = { ...input, inventory: { ...input.inventory, tables: input.inventory.tables.toReversed() } }
      expect(draftPlan(turned)).toEqual(draftPlan(input))
      const { findings } = draftPlan(input)
      const read = parsePlan(writePlan(plan, findings), { SOURCE: 'sqlite:x', TARGET: 'postgres://x' }).plan
      expect(firstDifference(read, plan)).toBeNull()
    }),
    { seed: 11, numRuns: 100 },
  )
  // Both kinds must have been met, or the property proves little.
  expect([...kinds.keys()].toSorted()).toEqual(['relational', 'timeseries'])
})
