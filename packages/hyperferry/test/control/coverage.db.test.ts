import fc from 'fast-check'
import { expect, test } from 'vitest'
import { booked, gaps, isComplete, isStarted } from '../../src/control/coverage.ts'
import { completeReceipt, insertReceipt, registerTables } from '../../src/control/ledger.ts'
import { workLeft } from '../../src/control/spans.ts'
import type { Receipt, Span } from '../../src/model.ts'
import type { Session } from '../../src/target/connect.ts'
import { transaction } from '../../src/target/transaction.ts'
import { Digest } from '../../src/values/digest.ts'
import { planOf, relationalTable, seriesTable } from '../target/plans.ts'
import { claimed } from './claimed.ts'

const tables = [seriesTable('reading'), relationalTable('device')]

const leave = (session: Session, tableId: number, each: Pick<Receipt, 'lane' | 'span' | 'rows'>): Promise<void> =>
  transaction(session, async () => {
    const id = await insertReceipt(session, tableId, each)
    const rest = { quarantined: 0, digest: new Digest().toString(), losses: [], bytes: each.rows * 10 }
    await completeReceipt(session, id, { ...each, ...rest })
  })

const whole: Span = { from: null, to: null }

test('the server works out the same gaps as the arithmetic here', async () => {
  const { target, migrationId } = await claimed('pg15', planOf(tables))
  const session = await target.session()
  const ids = await registerTables(session, migrationId, tables)
  const tableId = ids.get('reading') ?? 0
  const cuts = fc.uniqueArray(fc.bigInt(-(10n ** 20n), 10n ** 20n), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(cuts, fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }), async (positions, taken) => {
      await session.query('delete from hyperferry.receipt')
      const borders = [null, ...positions.toSorted((a, b) => (a < b ? -1 : 1)), null]
      const spans = borders.slice(1).map((to, index) => ({ from: borders[index] ?? null, to }))
      const receipts = spans.filter((_, index) => taken[index]).map((span) => ({ lane: 0 as const, span, rows: 1 }))
      for (const each of receipts) await leave(session, tableId, each)
      expect(await gaps(session, tableId, 0)).toEqual(workLeft(receipts, 0))
      for (const [index, span] of spans.entries()) {
        expect(await gaps(session, tableId, 0, [span])).toEqual(taken[index] ? [] : [span])
      }
      expect(await isStarted(session, tableId)).toBe(receipts.length > 0)
      expect(await booked(session, tableId)).toEqual({
        receipts: receipts.length,
        rows: receipts.length,
        bytes: receipts.length * 10,
      })
    }),
    { seed: 5, numRuns: 25 },
  )
})

test('a table that is split is complete with both lanes, another with the main lane alone', async () => {
  const { target, migrationId } = await claimed('pg15', planOf(tables))
  const session = await target.session()
  const ids = await registerTables(session, migrationId, tables)
  for (const table of tables) {
    const id = ids.get(table.source) ?? 0
    expect(await isComplete(session, id, table)).toBe(false)
    await leave(session, id, { lane: 0, span: whole, rows: 0 })
    expect(await isComplete(session, id, table)).toBe(table.split === 'all')
    if (table.split === 'all') continue
    await leave(session, id, { lane: 1, span: whole, rows: 0 })
    expect(await isComplete(session, id, table)).toBe(true)
  }
})
