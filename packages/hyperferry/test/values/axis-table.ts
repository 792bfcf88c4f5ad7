// A planned table that is nothing but its time column.
import type { ColumnRules, PlannedTable } from '../../src/model.ts'

/** Source column `ts` becomes `at`. */
export function axisTable(
  sourceType: string,
  type: string,
  rules: ColumnRules = {},
  more: Partial<PlannedTable> = {},
): PlannedTable {
  const column = {
    source: 'ts',
    name: 'at',
    sourceType,
    type,
    nullable: false,
    default: null,
    identity: false,
    generated: null,
    comment: null,
    rules,
  }
  return {
    source: 't',
    name: 't',
    kind: 'timeseries',
    reasons: [],
    time: { column: 'at', unit: null },
    chunkInterval: '7 days',
    columnstore: null,
    split: 'time',
    axis: 'ts',
    mode: 'merge',
    existingRows: 'refuse',
    sync: 'final-copy',
    columns: [column],
    keys: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    comment: null,
    estimatedRows: 0,
    estimatedBytes: null,
    ...more,
  }
}
