/** What makes a table a hypertable: the old signature of create_hypertable, which every supported version takes. Pure. */
import type { PlannedTable } from '../model.ts'
import type { Capabilities } from './capabilities.ts'
import { chunkInterval, intervalMicros } from './chunk-interval.ts'
import type { DdlStatement } from './ddl-statement.ts'
import { ident, literal, qualified } from './sql.ts'

/** Whether this table becomes a hypertable on this server. */
export function isHypertable(table: PlannedTable, caps: Capabilities): boolean {
  return caps.hypertables && table.kind === 'timeseries' && table.time !== null && table.chunkInterval !== null
}

/** Hypertable; nothing when the server or the plan has none. */
export function hypertableStatements(schema: string, table: PlannedTable, caps: Capabilities): DdlStatement[] {
  if (!isHypertable(table, caps) || table.time === null) return []
  const interval = chunkInterval(table)
  const { column } = table.time
  return [
    {
      phase: 'pre',
      schema,
      table: table.name,
      kind: 'hypertable',
      name: table.name,
      sql: `select from ${extension(caps)}.create_hypertable(${regclass(schema, table)}, ${literal(column)}, chunk_time_interval => ${interval.sql}, create_default_indexes => false)`,
      expect: { what: 'hypertable', column, micros: interval.micros, integer: interval.integer },
    },
  ]
}

/** Columnstore settings and the policy, which is paused in the transaction that creates it. Community edition only. */
export function columnstoreStatements(schema: string, table: PlannedTable, caps: Capabilities): DdlStatement[] {
  if (!isHypertable(table, caps) || table.columnstore === null || !caps.columnstore) return []
  const { segmentBy } = table.columnstore
  const orderBy = table.columnstore.orderBy.map((part) => orderPart(table, part))
  const settings = ['timescaledb.enable_columnstore']
  if (segmentBy.length > 0) settings.push(`timescaledb.segmentby = ${literal(segmentBy.map(ident).join(', '))}`)
  if (orderBy.length > 0) {
    const order = orderBy.map(({ column, descending }) => `${ident(column)}${descending ? ' desc' : ''}`).join(', ')
    settings.push(`timescaledb.orderby = ${literal(order)}`)
  }
  const base = { phase: 'pre' as const, schema, table: table.name, name: table.name }
  const statements: DdlStatement[] = [
    {
      ...base,
      kind: 'columnstore',
      sql: `alter table ${qualified(schema, table.name)} set (${settings.join(', ')})`,
      expect: { what: 'columnstore', segmentBy, orderBy },
    },
  ]
  if (hasPolicy(table, caps)) {
    statements.push({
      ...base,
      kind: 'policy',
      sql: policySql(schema, table, caps, table.columnstore.after),
      expect: { what: 'policy' },
    })
  }
  return statements
}

/** Policies of integer time need a function that tells the present; that is the owner's to write. */
export function hasPolicy(table: PlannedTable, caps: Capabilities): boolean {
  return (
    caps.policies &&
    table.columnstore !== null &&
    table.time?.unit === null &&
    intervalMicros(table.columnstore.after) !== null
  )
}

// eslint-disable-next-line max-params -- one statement, four parts
function policySql(schema: string, table: PlannedTable, caps: Capabilities, after: string): string {
  // alter_job erases the job's time zone unless it is passed.
  return `call ${extension(caps)}.add_columnstore_policy(${regclass(schema, table)}, after => interval ${literal(after.trim())});
select from timescaledb_information.jobs as j
join _timescaledb_config.bgw_job as b on b.id = j.job_id
cross join lateral ${extension(caps)}.alter_job(j.job_id, scheduled => false, timezone => b.timezone)
where j.proc_name = 'policy_compression' and j.hypertable_schema = ${literal(schema)} and j.hypertable_name = ${literal(table.name)}`
}

function extension(caps: Capabilities): string {
  return ident(caps.extensionSchema ?? 'public')
}

function regclass(schema: string, table: PlannedTable): string {
  return `${literal(qualified(schema, table.name))}::regclass`
}

/** `ts desc`; a column may itself be named so, and then the whole is the name. */
function orderPart(table: PlannedTable, part: string): { column: string; descending: boolean } {
  if (table.columns.some((column) => column.name === part)) return { column: part, descending: false }
  const [, column = part, direction = 'asc'] = /^(.*?)\s+(asc|desc)$/i.exec(part) ?? []
  return { column, descending: direction.toLowerCase() === 'desc' }
}
