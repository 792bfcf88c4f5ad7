// Whole drafts, read by people: given.yaml → expected.yaml (the plan file) and expected.txt (the findings).
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { contradictions } from '../../../src/config/plan-consistency.ts'
import { writePlan } from '../../../src/config/plan-file.ts'
import { draftPlan } from '../../../src/steps/plan/draft.ts'
import { draftInput, planOf } from './given.ts'
import type { Given } from './given.ts'

const folder = new URL('./cases/', import.meta.url)

test.each(readdirSync(folder))('case %s', async (name) => {
  const given = parse(readFileSync(new URL(`${name}/given.yaml`, folder), 'utf8')) as Given
  const input = draftInput(given)
  const { findings } = draftPlan(input)
  const plan = planOf(input)
  expect(contradictions(plan)).toEqual([])
  await expect(writePlan(plan, findings)).toMatchFileSnapshot(`cases/${name}/expected.yaml`)
  const lines = findings.map(
    ({ code, severity, table, column, message }) =>
      `${code} ${severity} ${table ?? ''}${column === null ? '' : `.${column}`}: ${message}`,
  )
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`cases/${name}/expected.txt`)
})
