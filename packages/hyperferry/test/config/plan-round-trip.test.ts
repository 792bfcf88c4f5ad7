import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planFromFile } from '../../src/config/plan-shape.ts'
import { writePlan } from '../../src/config/plan-write.ts'
import { parsePlanYaml } from '../../src/config/plan-yaml.ts'
import { firstDifference, planHash } from '../../src/config/plan-hash.ts'
import type { Finding, Plan } from '../../src/model.ts'
import { arbitraryPlan } from './arbitrary-plan.ts'

const again = (plan: Plan, findings: Finding[] = []): Plan =>
  planFromFile(parsePlanYaml(writePlan(plan, findings), 'plan').file)
const withoutReasons = (plan: Plan): Plan => ({
  ...plan,
  tables: plan.tables.map((table) => ({ ...table, reasons: [] })),
})

test('a written plan reads back as the same plan', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(arbitraryPlan, (plan) => {
      expect(again(plan)).toEqual(withoutReasons(plan))
      expect(again(plan).tables.map(({ columns }) => columns.map(({ name }) => name))).toEqual(
        plan.tables.map(({ columns }) => columns.map(({ name }) => name)),
      )
    }),
    { seed: 7, numRuns: 200 },
  )
})

test('comments change nothing, whatever is in them', { timeout: 60_000 }, () => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(arbitraryPlan, text, text, fc.nat(3), (plan, message, act, pick) => {
      const table = plan.tables[pick % Math.max(1, plan.tables.length)]
      const finding = (column: string | null, severity: Finding['severity']): Finding => ({
        code: 'HF-P207',
        severity,
        table: table?.source ?? null,
        column,
        count: { value: 12, exact: false },
        message,
        action: act,
      })
      const column = table?.columns[0]?.source ?? null
      const findings = [finding(null, 'warn'), finding(column, 'decide'), finding(column, 'info')]
      expect(again(plan, findings)).toEqual(withoutReasons(plan))
      expect(again(plan, findings.slice(0, 2))).toEqual(withoutReasons(plan))
    }),
    { seed: 8, numRuns: 200 },
  )
})

test('what may be edited at any time does not count', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(arbitraryPlan, (plan) => {
      const { dualWrite: _, ...old } = plan
      const stored = { ...old, tables: plan.tables.map(({ sync: _sync, ...table }) => table) } as unknown as Plan
      const edited: Plan = {
        ...plan,
        dualWrite: { writers: 17, maxLateness: '3 days' },
        tables: plan.tables.map((table) => ({ ...table, sync: table.sync === 'frozen' ? 'final-copy' : 'frozen' })),
      }
      // A plan stored by an earlier version has none of these.
      for (const other of [stored, edited]) {
        expect(planHash(other)).toBe(planHash(plan))
        expect(firstDifference(other, plan)).toBeNull()
      }
    }),
    { seed: 10, numRuns: 100 },
  )
})

test('equal plans have equal hashes and no difference; unequal ones differ at a path', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(arbitraryPlan, arbitraryPlan, (a, b) => {
      expect(planHash(again(a))).toBe(planHash(a))
      expect(firstDifference(a, again(a))).toBeNull()
      expect(firstDifference(a, b) === null).toBe(planHash(a) === planHash(b))
    }),
    { seed: 9, numRuns: 200 },
  )
})
