// Small plans for tests, written so that a test names only what it is about.
import type { Plan, PlannedColumn, PlannedTable } from '../../src/model.ts'

export function column(name: string, type: string, more: Partial<PlannedColumn> = {}): PlannedColumn {
  return {
    source: name,
    name,
    sourceType: type,
    type,
    nullable: true,
    default: null,
    identity: false,
    generated: null,
    comment: null,
    rules: {},
    ...more,
  }
}

export function relationalTable(name: string, more: Partial<PlannedTable> = {}): PlannedTable {
  return {
    source: name,
    name,
    kind: 'relational',
    reasons: [],
    time: null,
    chunkInterval: null,
    columnstore: null,
    split: 'all',
    axis: null,
    mode: 'merge',
    existingRows: 'refuse',
    sync: 'final-copy',
    columns: [column('id', 'bigint', { nullable: false, identity: true }), column('name', 'text')],
    keys: [{ name: `${name}_pkey`, columns: ['id'], primary: true }],
    indexes: [],
    foreignKeys: [],
    checks: [],
    comment: null,
    estimatedRows: 10,
    estimatedBytes: null,
    ...more,
  }
}

export function seriesTable(name: string, more: Partial<PlannedTable> = {}): PlannedTable {
  return relationalTable(name, {
    kind: 'timeseries',
    time: { column: 'ts', unit: null },
    chunkInterval: '1 day',
    split: 'time',
    axis: 'ts',
    columns: [
      column('device', 'integer', { nullable: false }),
      column('ts', 'timestamptz(6)', { nullable: false }),
      column('value', 'double precision'),
    ],
    keys: [{ name: `${name}_pkey`, columns: ['device', 'ts'], primary: true }],
    ...more,
  })
}

export function planOf(tables: PlannedTable[], target: Partial<Plan['target']> = {}): Plan {
  return {
    migration: 'test',
    source: { url: '${HYPERFERRY_SOURCE}', timezone: 'UTC', fingerprint: 'f' },
    target: { url: '${HYPERFERRY_TARGET}', schema: 'plant', owner: null, ...target },
    tables,
    exclude: [],
    dualWrite: { writers: null, maxLateness: '1 hour' },
    backfill: { workers: 1, taskRows: 1000 },
    verify: { sampleRows: 100 },
  }
}
