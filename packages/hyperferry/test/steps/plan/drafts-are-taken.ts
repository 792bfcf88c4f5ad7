// A drafted plan is worth nothing if the server refuses it: every statement of any draft is run.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PostgresName } from '../../../../../test/servers/catalogue.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { freshPg } from '../../../../../test/servers/database.ts'
import { draftPlan } from '../../../src/steps/plan/draft.ts'
import { openTarget } from '../../../src/target/connect.ts'
import { omitted, planDdl } from '../../../src/target/ddl.ts'
import { arbitraryGiven } from './arbitrary-given.ts'
import { draftInput, planOf } from './given.ts'

/** Tests on this server; `runs` drafts are tried. */
export async function draftsAreTaken(name: PostgresName, runs: number): Promise<void> {
  const describe = await describeWith(name)
  describe(name, () => {
    test('takes every statement of any draft', async () => {
      const { url } = await freshPg(name)
      const target = await openTarget(`${url}?sslmode=disable`, { connections: 1, signal: AbortSignal.timeout(60_000) })
      const session = await target.session()
      let tables = 0
      await fc.assert(
        fc.asyncProperty(arbitraryGiven, async (given) => {
          const input = { ...draftInput(given), target: { ...target.capabilities, cacheBytes: null } }
          const drafted = planOf(input)
          const plan = { ...drafted, target: { ...drafted.target, schema: 'moved' } }
          await session.query('begin')
          try {
            for (const { sql } of planDdl(plan, target.capabilities)) await session.query(sql)
          } finally {
            await session.query('rollback')
          }
          // What this server cannot do was left out of the plan already; but for policies of integer time, which need a function of the owner's.
          const integers = plan.tables.filter(({ time }) => time?.unit != null).map((table) => table.name)
          expect(omitted(plan, target.capabilities).filter(({ table }) => !integers.includes(table ?? ''))).toEqual([])
          expect(draftPlan(input).tables).toHaveLength(Object.keys(given.tables).length)
          tables += plan.tables.length
        }),
        { seed: 12, numRuns: runs },
      )
      expect(tables).toBeGreaterThan(runs)
      await session.release()
      await target.close()
    })
  })
}
