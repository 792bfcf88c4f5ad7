import { expect, test } from 'vitest'
import { leftOut } from '../src/left-out.ts'
import type { Plan, SourceTable } from '../src/model.ts'

const source = (name: string, ...columns: string[]): SourceTable =>
  ({ name, columns: columns.map((column) => ({ name: column })) }) as unknown as SourceTable
const planned = (name: string, ...columns: string[]) => ({
  source: name,
  columns: columns.map((column) => ({ source: column })),
})

test('tables and columns that are not in the plan are named, excluded ones too', () => {
  const plan = { tables: [planned('kept', 'id', 'v'), planned('cut', 'id')], exclude: ['old'] } as unknown as Plan
  const tables = [source('kept', 'id', 'v'), source('cut', 'id', 'secret'), source('gone', 'id'), source('old', 'id')]
  expect(leftOut(plan, tables)).toEqual(['cut.secret', 'gone', 'old'])
  expect(leftOut(plan, tables.slice(0, 1))).toEqual([])
})
