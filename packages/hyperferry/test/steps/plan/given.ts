// Short descriptions of a source and of what a look at its values says, filled up to the whole.
import { fingerprint } from '../../../src/config/plan-hash.ts'
import type { Inventory, Plan, SourceColumn, SourceForeignKey, SourceIndex, SourceTable } from '../../../src/model.ts'
import type { ColumnAssessment, TableAssessment, TimeCandidate } from '../../../src/source/source.ts'
import { draftPlan } from '../../../src/steps/plan/draft.ts'
import type { DraftInput } from '../../../src/steps/plan/draft.ts'

export interface Given {
  target?: Partial<DraftInput['target']>
  tables: Record<string, GivenTable>
}

export interface GivenTable {
  columns: Record<string, Partial<SourceColumn> & { to?: string; look?: Partial<ColumnAssessment> }>
  key?: string[]
  indexes?: (Partial<SourceIndex> & { name: string; on: (string | Partial<SourceIndex['parts'][number]>)[] })[]
  foreignKeys?: (Partial<SourceForeignKey> & Pick<SourceForeignKey, 'columns' | 'references'>)[]
  checks?: SourceTable['checks']
  rows?: number
  times?: (Partial<TimeCandidate> & { column: string })[]
  keyAxis?: string
  findings?: TableAssessment['findings']
}

/** The draft's whole input. */
export function draftInput(given: Given): DraftInput {
  const tables = Object.entries(given.tables)
  const inventory: Inventory = { tables: tables.map(([name, table]) => sourceTable(name, table)), skipped: [] }
  return {
    inventory,
    assessments: new Map(tables.map(([name, table]) => [name, assessment(table)])),
    target: {
      hypertables: true,
      columnstore: true,
      foreignKeyToHypertable: true,
      cacheBytes: 4 * 1024 ** 3,
      ...given.target,
    },
    options: { seriesRows: 100_000, kinds: new Map() },
  }
}

/** The plan around a draft. */
export function planOf(input: DraftInput): Plan {
  return {
    migration: 'case',
    source: { url: '${SOURCE}', timezone: 'UTC', fingerprint: fingerprint(input.inventory.tables) },
    target: { url: '${TARGET}', schema: 'public', owner: null },
    tables: draftPlan(input).tables,
    exclude: [],
    dualWrite: { writers: null, maxLateness: '1 hour' },
    backfill: { workers: 4, taskRows: 200_000 },
    verify: { sampleRows: 10_000 },
  }
}

function sourceTable(name: string, table: GivenTable): SourceTable {
  return {
    name,
    columns: Object.entries(table.columns).map(([column, given]) => ({
      name: column,
      type: 'int',
      nullable: false,
      default: null,
      generated: null,
      autoIncrement: false,
      onUpdateNow: false,
      charset: null,
      collation: null,
      comment: null,
      invisible: false,
      ...given,
    })),
    primaryKey: table.key ?? [],
    indexes: (table.indexes ?? []).map(({ on, ...index }) => ({
      unique: false,
      kind: 'btree' as const,
      where: null,
      ...index,
      parts: on.map((part) => ({
        column: null,
        expression: null,
        descending: false,
        prefix: null,
        ...(typeof part === 'string' ? { column: part } : part),
      })),
    })),
    foreignKeys: (table.foreignKeys ?? []).map((key, i) => ({
      name: `fk_${i + 1}`,
      onDelete: 'no action' as const,
      onUpdate: 'no action' as const,
      ...key,
    })),
    checks: table.checks ?? [],
    comment: null,
    estimatedRows: table.rows ?? 0,
    bytes: null,
    nextAutoIncrement: null,
    storage: 'InnoDB',
  }
}

function assessment(table: GivenTable): TableAssessment {
  return {
    rows: { value: table.rows ?? 0, exact: true },
    columns: Object.entries(table.columns).map(([column, { to, nullable, look }]) => ({
      column,
      type: to ?? 'integer',
      rules: {},
      reasons: [],
      hasNulls: nullable ?? false,
      distinct: null,
      default: null,
      ...look,
    })),
    timeCandidates: (table.times ?? []).map((candidate) => ({
      type: 'timestamptz',
      unit: null,
      plausible: 1,
      monotone: 1,
      access: 'none' as const,
      min: '2024-01-01T00:00:00.000000Z',
      max: '2025-12-31T00:00:00.000000Z',
      rowsPerDay: null,
      unusable: { value: 0, exact: true },
      reasons: [],
      ...candidate,
    })),
    keyAxis: table.keyAxis === undefined ? null : { column: table.keyAxis },
    findings: table.findings ?? [],
  }
}
