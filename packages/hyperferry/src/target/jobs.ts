/** Jobs of TimescaleDB: policies of some hypertables and their continuous aggregates, read and changed without losing anything. */
import type { Capabilities } from './capabilities.ts'
import type { Session } from './session.ts'
import { ident } from './sql.ts'

export type JobKind = 'refresh' | 'columnstore' | 'reorder' | 'action' | 'retention'

export interface Job {
  /** 1000 or more: the ones below are the server's own. */
  id: number
  kind: JobKind
  /** Hypertable of the plan that it serves, itself or by an aggregate; null for an action that belongs to none. */
  table: string | null
  /** `schema.name` of the hypertable or aggregate; null for an action. */
  object: string | null
  /** 0 for the hypertable, 1 for an aggregate on it, 2 for an aggregate on that one. */
  level: number
  /** `Columnstore Policy [1000]`. */
  name: string
  owner: string
  /** Whether our role may change it. */
  mayAlter: boolean
  scheduled: boolean
  schedule: string
  timezone: string | null
  /** Text of a timestamptz in UTC, `infinity` too; null when it has none or runs at this moment. */
  nextStart: string | null
  /** Text of a jsonb. */
  config: string | null
  /** The catalog's row as text of a jsonb, without `scheduled`. */
  definition: string
  running: boolean
}

/**
 * Jobs of hypertables in `schema`, and of continuous aggregates over them at any level, in the order in which they should run: refresh by
 * level, columnstore, reorder, retention last. None where there are no policies.
 */
export async function readJobs(
  session: Session,
  caps: Capabilities,
  schema: string,
  tables: readonly string[],
): Promise<Job[]> {
  if (!caps.policies) return []
  const { rows } = await session.query<Row>(
    `${RELATIONS} ${jobRows('join rel on rel.s = j.hypertable_schema and rel.n = j.hypertable_name', 'rel.table_name, rel.s, rel.shown, rel.level')}`,
    [schema, tables],
  )
  return rows.map(jobOf).toSorted(inOrder)
}

/** Actions of our own role that belong to no hypertable: what they do is known to their author only. */
export async function readActions(session: Session, caps: Capabilities): Promise<Job[]> {
  if (!caps.policies) return []
  const { rows } = await session.query<Row>(
    `${jobRows('', 'null::text as table_name, null::text as s, null::text as shown, 0 as level')}
       and j.hypertable_name is null and pg_has_role(j.owner, 'USAGE')`,
  )
  return rows.map(jobOf).toSorted(inOrder)
}

/** One job as it is now, whatever it belongs to; null when it is not there. */
export async function readJob(session: Session, id: number): Promise<Job | null> {
  const { rows } = await session.query<Row>(
    `${jobRows('', 'null::text as table_name, null::text as s, null::text as shown, 0 as level')} and j.job_id = $1`,
    [id],
  )
  return rows[0] === undefined ? null : jobOf(rows[0])
}

/** Runs a job once, now, in this session and as our role; its schedule stays. Must not be called inside a transaction. */
export async function runJob(session: Session, caps: Capabilities, id: number): Promise<void> {
  await session.query(runSql(caps, id))
}

/** The statement of `runJob`. */
export function runSql(caps: Capabilities, id: number): string {
  return `call ${extensionName(caps)}.run_job(${id})`
}

/** Refresh before columnstore, because compressed rows are slower to read; retention last, because what it drops is gone. */
const ORDER: readonly JobKind[] = ['refresh', 'columnstore', 'reorder', 'action', 'retention']

/** The order of starting them again. */
export function inOrder(a: Pick<Job, 'kind' | 'level' | 'id'>, b: Pick<Job, 'kind' | 'level' | 'id'>): number {
  return ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.level - b.level || a.id - b.id
}

export interface Alteration {
  scheduled: boolean
  timezone: string | null
  /** null: left to the server. */
  nextStart: string | null
}

/** The statement, for people; `alterJob` runs the same. */
export function alterSql(caps: Capabilities, id: number, to: Alteration, unchecked = false): string {
  const text = (value: string | null): string => (value === null ? 'null' : `'${value.replaceAll("'", "''")}'`)
  return alterCall(caps, [String(id), String(to.scheduled), text(to.timezone), text(to.nextStart)], unchecked)
}

/**
 * Changes whether a job is scheduled, and nothing else. The zone is passed because alter_job erases it otherwise; with a zone it would also
 * compute the next start anew, unless that is passed too. Throws HF-C013 for a job of another role.
 */
export async function alterJob(
  session: Session,
  caps: Capabilities,
  job: Pick<Job, 'id' | 'config'>,
  to: Alteration,
): Promise<void> {
  const unchecked = mustGoUnchecked(job.config, caps.timescale)
  await session.query(alterCall(caps, ['$1::int4', '$2::bool', '$3::text', '$4::timestamptz'], unchecked), [
    job.id,
    to.scheduled,
    to.timezone,
    to.nextStart,
  ])
}

/** Retention by creation time could not be altered before 2.26.3 while its own check of the configuration was registered. */
export function mustGoUnchecked(config: string | null, timescale: string | null): boolean {
  const keys: unknown = config === null ? null : JSON.parse(config)
  if (typeof keys !== 'object' || keys === null || !('drop_created_before' in keys)) return false
  const [major = 0, minor = 0, patch = 0] = (timescale ?? '').split(/[.-]/).map(Number)
  return major * 1e6 + minor * 1e3 + patch < 2_026_003
}

function alterCall(
  caps: Capabilities,
  [id, scheduled, timezone, nextStart]: readonly string[],
  unchecked: boolean,
): string {
  const check = unchecked ? ', check_config => 0::regproc' : ''
  return `select from ${extensionName(caps)}.alter_job(${id}, scheduled => ${scheduled}, timezone => ${timezone}, next_start => ${nextStart}${check})`
}

function extensionName(caps: Capabilities): string {
  return ident(caps.extensionSchema ?? 'public')
}

interface Row extends Omit<Job, 'kind' | 'object'> {
  procSchema: string
  procName: string
  shown: string | null
}

function jobOf({ procSchema, procName, shown, ...row }: Row): Job {
  return { ...row, object: shown, kind: kindOf(procSchema, procName) }
}

function kindOf(schema: string, name: string): JobKind {
  if (schema !== '_timescaledb_functions' && schema !== '_timescaledb_internal') return 'action'
  switch (name) {
    case 'policy_refresh_continuous_aggregate':
    case 'policy_process_hypertable_invalidations':
      return 'refresh'
    case 'policy_compression':
    case 'policy_recompression':
    case 'policy_compaction':
      return 'columnstore'
    case 'policy_reorder':
      return 'reorder'
    case 'policy_retention':
      return 'retention'
    default:
      return 'action'
  }
}

/** Jobs of an aggregate name its view, before 2.20 the table behind it. */
const RELATIONS = `
with recursive c as (
  select view_schema::text vs, view_name::text vn, materialization_hypertable_schema::text ms, materialization_hypertable_name::text mn,
    hypertable_schema::text hs, hypertable_name::text hn from timescaledb_information.continuous_aggregates),
t as (
  select c.hn as table_name, c.vs, c.vn, c.ms, c.mn, 1 as level from c where c.hs = $1 and c.hn = any($2::text[])
  union all select t.table_name, c.vs, c.vn, c.ms, c.mn, t.level + 1 from c join t on c.hs = t.ms and c.hn = t.mn),
rel as (
  select name as table_name, $1::text as s, name as n, $1 || '.' || name as shown, 0 as level from unnest($2::text[]) name
  union select table_name, vs, vn, vs || '.' || vn, level from t
  union select table_name, ms, mn, vs || '.' || vn, level from t)`

/** A worker carries the name of its job, which everybody may see; statistics hide a running job from other roles. */
function jobRows(join: string, columns: string): string {
  return `
select j.job_id as id, j.proc_schema::text as "procSchema", j.proc_name::text as "procName", q.table_name as "table", q.shown, q.level,
  j.application_name::text as name, j.owner::text as owner, pg_has_role(j.owner, 'USAGE') as "mayAlter", j.scheduled,
  j.schedule_interval::text as schedule, b.timezone::text as timezone, nullif(j.next_start, '-infinity')::text as "nextStart",
  j.config::text as config, (to_jsonb(b) - 'scheduled')::text as definition,
  exists (select from pg_stat_activity a where a.datname = current_database() and a.backend_type is distinct from 'client backend'
    and a.application_name like '%[' || j.job_id || ']') as running
from (select j.*, ${columns} from timescaledb_information.jobs j ${join}) q
join timescaledb_information.jobs j on j.job_id = q.job_id
join _timescaledb_config.bgw_job b on b.id = j.job_id
where j.job_id >= 1000`
}
