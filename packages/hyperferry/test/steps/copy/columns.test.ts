// Which field is which column.
import { expect, test } from 'vitest'
import { columnsOf } from '../../../src/steps/copy/columns.ts'
import type { ColumnChoice } from '../../../src/steps/copy/columns.ts'
import type { CatalogTable } from '../../../src/target/catalog.ts'

const column = (name: string, generated: string | null = null) =>
  ({ name, generated }) as CatalogTable['columns'][number]
const table = {
  name: 'reading',
  columns: [column('ts'), column('Device id'), column('temp'), column('sum', 'temp + 1')],
} as CatalogTable
const choose = (choice: Partial<ColumnChoice>, header: string[] | null = null): string[] =>
  columnsOf(table, { columns: null, mapping: null, byHeader: false, ...choice }, header)

test('said in four ways', () => {
  expect(choose({})).toEqual(['ts', 'Device id', 'temp'])
  expect(choose({ columns: ' TEMP, "Device id",ts ' })).toEqual(['temp', 'Device id', 'ts'])
  expect(choose({ byHeader: true }, ['temp', 'ts'])).toEqual(['temp', 'ts'])
  expect(choose({ mapping: 't : temp, time:ts' }, ['time', 't'])).toEqual(['ts', 'temp'])
  expect(choose({ mapping: '{"a:b": "Device id"}' }, ['a:b'])).toEqual(['Device id'])
})

test.each<[string, Partial<ColumnChoice>, string[] | null]>([
  ['has no column Temp; did you mean temp', { byHeader: true }, ['Temp']],
  ['no list of column names', { columns: 'device id' }, null],
  ['ends with a comma', { columns: 'ts,' }, null],
  ['named twice', { columns: 'ts,ts' }, null],
  ['is generated', { columns: 'sum' }, null],
  ['does not name the field "b"', { mapping: 'a:ts' }, ['a', 'b']],
  ['field:column', { mapping: 'a' }, ['a']],
  ['names the field "a" twice', { mapping: 'a:ts,a:temp' }, ['a']],
  ['no JSON object', { mapping: '{"a":1}' }, ['a']],
])('refused: %s', (what, choice, header) => {
  expect(() => choose(choice, header)).toThrow(
    expect.objectContaining({ code: 'HF-F006', message: expect.stringContaining(what) as string }),
  )
})
