import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PlannedTable } from '../../../src/model.ts'
import { parentsFirst } from '../../../src/steps/relational/order.ts'

const table = (name: string, parents: readonly string[]): PlannedTable =>
  ({
    name,
    foreignKeys: parents.map((parent) => ({
      name: `${name}_${parent}`,
      references: { table: parent, columns: ['id'] },
    })),
  }) as unknown as PlannedTable

test('parents come first, circles and strangers do no harm, nothing is lost', () => {
  const tables = [
    table('order', ['customer', 'order']),
    table('a', ['b']),
    table('b', ['a']),
    table('customer', ['elsewhere']),
  ]
  expect(parentsFirst(tables).map(({ name }) => name)).toEqual(['customer', 'order', 'b', 'a'])
})

test('without circles every parent stands before its child', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat({ max: 9 }), { maxLength: 4 }), { maxLength: 10 }), (edges) => {
      // A table references only tables with a smaller number: no circle.
      const tables = edges
        .map((to, index) =>
          table(
            `t${index}`,
            [...new Set(to.filter((n) => n < index))].map((n) => `t${n}`),
          ),
        )
        .toReversed()
      const order = parentsFirst(tables)
      expect(new Set(order)).toEqual(new Set(tables))
      for (const [index, each] of order.entries()) {
        for (const key of each.foreignKeys) {
          expect(order.findIndex(({ name }) => name === key.references.table)).toBeLessThan(index)
        }
      }
    }),
    { seed: 6 },
  )
})
