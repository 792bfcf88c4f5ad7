// Planned tables for tests: what matters is given, the rest is ordinary.
import type { PlannedColumn, PlannedTable } from '../../../src/model.ts'

type Some<T, K extends keyof T> = Partial<T> & Pick<T, K>

export function plannedTable(
  given: Omit<Partial<PlannedTable>, 'columns'> & { columns: Some<PlannedColumn, 'name' | 'type' | 'sourceType'>[] },
): PlannedTable {
  return {
    source: 'things',
    name: 'things',
    kind: given.split === 'time' ? 'timeseries' : 'relational',
    reasons: [],
    time: null,
    chunkInterval: null,
    columnstore: null,
    split: 'all',
    axis: null,
    mode: 'merge',
    existingRows: 'refuse',
    sync: 'final-copy',
    keys: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    comment: null,
    estimatedRows: 0,
    estimatedBytes: null,
    ...given,
    columns: given.columns.map((column) => ({
      source: column.name,
      nullable: false,
      default: null,
      identity: false,
      generated: null,
      comment: null,
      rules: {},
      ...column,
    })),
  }
}
