import { expect, test } from 'vitest'
import type { Plan, PlannedTable } from '../../src/model.ts'
import type { DdlStatement } from '../../src/target/ddl.ts'
import { postStatements } from '../../src/work/finish-tables.ts'

const table = (name: string, parent: string | null): PlannedTable =>
  ({
    name,
    foreignKeys: parent === null ? [] : [{ name: `${name}_fk`, references: { table: parent, columns: ['id'] } }],
  }) as unknown as PlannedTable

const [device, reading, alarm] = [table('device', null), table('reading', 'device'), table('alarm', 'reading')]
const plan = { tables: [device, reading, alarm] } as unknown as Plan

const statement = (
  of: string,
  kind: DdlStatement['kind'],
  name: string,
  phase: 'pre' | 'post' = 'post',
): DdlStatement => ({ phase, schema: 'plant', table: of, kind, name, sql: '', expect: { what: 'nothing' } })

const all = [
  statement('device', 'table', 'device', 'pre'),
  statement('device', 'index', 'device_ix'),
  statement('reading', 'index', 'reading_ix'),
  statement('reading', 'foreign-key', 'reading_fk'),
  statement('alarm', 'index', 'alarm_ix'),
  statement('alarm', 'foreign-key', 'alarm_fk'),
]
const names = (own: PlannedTable[], complete: PlannedTable[]): string[] =>
  postStatements(plan, all, { own, complete }).map(({ name }) => name)

test('a foreign key waits for the rows of both tables, whichever step brings them; the rest belongs to its own table', () => {
  // The relational step, while the series is still empty.
  expect(names([device, alarm], [device, alarm])).toEqual(['device_ix', 'alarm_ix'])
  // The backfill makes those that had to wait, too.
  expect(names([reading], [device, alarm, reading])).toEqual(['reading_ix', 'reading_fk', 'alarm_fk'])
  // A backfill of some of the tables leaves the others alone.
  expect(names([reading], [device, reading])).toEqual(['reading_ix', 'reading_fk'])
})
