/** A plan of a logical table without the plan step: the suite tests sources, not proposals. */
import type { PlannedColumn, PlannedTable, SourceTable, Split } from '../../packages/hyperferry/src/model.ts'
import type { Source } from '../../packages/hyperferry/src/source/source.ts'
import type { LogicalTable, SourceFixture } from './fixture.ts'

export interface Splitting {
  split: Split
  axis: string | null
}

/** Columns take their source types from the live inventory. */
export async function plannedTable(
  source: Source,
  fixture: SourceFixture,
  table: LogicalTable,
  { split, axis }: Splitting,
): Promise<PlannedTable> {
  const { tables } = await source.inventory()
  const live = tables.find((found) => found.name === table.name)
  if (!live) throw new Error(`the inventory has no ${table.name}`)
  return {
    source: table.name,
    name: table.name,
    kind: 'relational',
    reasons: [],
    time: null,
    chunkInterval: null,
    columnstore: null,
    split,
    axis,
    mode: 'merge',
    existingRows: 'refuse',
    sync: 'final-copy',
    columns: table.columns.map((column) => plannedColumn(live, column.name, fixture.planned(column.kind))),
    keys: table.key === null ? [] : [{ name: `${table.name}_pkey`, columns: [table.key], primary: true }],
    indexes: [],
    foreignKeys: [],
    checks: [],
    comment: null,
    estimatedRows: table.rows.length,
    estimatedBytes: null,
  }
}

function plannedColumn(
  live: SourceTable,
  name: string,
  { type, rules }: ReturnType<SourceFixture['planned']>,
): PlannedColumn {
  const column = live.columns.find((found) => found.name === name)
  if (!column) throw new Error(`${live.name} has no column ${name}`)
  return {
    source: name,
    name,
    sourceType: column.type,
    type,
    nullable: column.nullable,
    default: null,
    identity: false,
    generated: null,
    comment: null,
    rules,
  }
}
