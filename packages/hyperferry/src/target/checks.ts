/** Step 1 on the target's side: what would stop the migration later, found before it starts. Reads only. */
import type { Check } from '../model.ts'
import type { Target } from './connect.ts'
import { ident } from './sql.ts'

/** All checks; a failed one is an answer, not an error. That the target could be opened proves version, encoding and that it can be written. */
export async function targetChecks(target: Target, place: { schema: string; owner: string | null }): Promise<Check[]> {
  const { rows } = await target.query<Facts>(QUESTION, [place.schema, place.owner])
  const [facts] = rows
  if (facts === undefined) return []
  return [
    versions(target),
    control(target, facts),
    tables(target, facts, place.schema),
    ...(place.owner === null ? [] : [owner(target, facts, place.owner)]),
    temporary(target, facts),
    ...pooler(target),
    ...extension(target),
    ...workers(target, facts),
  ]
}

interface Facts {
  control_owned: boolean | null
  schema_present: boolean
  schema_create: boolean | null
  database_create: boolean
  temporary: boolean
  owner_present: boolean
  owner_member: boolean | null
  worker_processes: number
  parallel_workers: number
  timescale_workers: number | null
}

const QUESTION = `
select (select pg_has_role(nspowner, 'USAGE') from pg_namespace where nspname = 'hyperferry') as control_owned,
  n.oid is not null as schema_present, has_schema_privilege(n.oid, 'CREATE') as schema_create,
  has_database_privilege(current_database(), 'CREATE') as database_create,
  has_database_privilege(current_database(), 'TEMP') as temporary,
  r.oid is not null as owner_present, pg_has_role(r.oid, 'USAGE') as owner_member,
  current_setting('max_worker_processes')::int4 as worker_processes,
  current_setting('max_parallel_workers')::int4 as parallel_workers,
  current_setting('timescaledb.max_background_workers', true)::int4 as timescale_workers
from (select) as one
left join pg_namespace n on n.nspname = $1
left join pg_roles r on r.rolname = $2`

function answer(code: string, ok: boolean, message: string, hint: string | null = null): Check {
  return { code, ok, severity: ok ? 'info' : 'error', message, hint: ok ? null : hint }
}

function versions({ info, capabilities }: Target): Check {
  const role = capabilities.isSuperuser ? 'superuser' : 'not a superuser'
  return answer('HF-C014', true, `${info.version}, database ${info.database}, role ${info.user} (${role})`)
}

function control({ info }: Target, facts: Facts): Check {
  const ok = facts.control_owned ?? facts.database_create
  const hint =
    facts.control_owned === false
      ? `ALTER SCHEMA hyperferry OWNER TO ${ident(info.user)};`
      : `GRANT CREATE ON DATABASE ${ident(info.database)} TO ${ident(info.user)};`
  const can = ok ? 'can' : 'cannot'
  return answer(
    'HF-C013',
    ok,
    `role ${info.user} ${can} keep its books in schema hyperferry`,
    `As its owner run: ${hint}`,
  )
}

function tables({ info }: Target, facts: Facts, schema: string): Check {
  const ok = facts.schema_present ? facts.schema_create === true : facts.database_create
  const hint = facts.schema_present
    ? `GRANT CREATE ON SCHEMA ${ident(schema)} TO ${ident(info.user)};`
    : `CREATE SCHEMA ${ident(schema)} AUTHORIZATION ${ident(info.user)};`
  const what = facts.schema_present ? `tables in schema ${schema}` : `schema ${schema}`
  const can = ok ? 'can' : 'cannot'
  return answer('HF-C013', ok, `role ${info.user} ${can} create ${what}`, `As its owner run: ${hint}`)
}

function owner({ info }: Target, facts: Facts, name: string): Check {
  if (!facts.owner_present)
    return answer('HF-C013', false, `there is no role ${name} to own the tables`, 'Create it first.')
  const ok = facts.owner_member === true
  const message = `role ${info.user} ${ok ? 'has' : 'lacks'} the rights of ${name}, who is to own the tables`
  return answer('HF-C013', ok, message, `GRANT ${ident(name)} TO ${ident(info.user)};`)
}

/** Existing tables are compared with temporary ones. */
function temporary({ info }: Target, facts: Facts): Check {
  const can = facts.temporary ? 'can' : 'cannot'
  const hint = `As its owner run: GRANT TEMPORARY ON DATABASE ${ident(info.database)} TO ${ident(info.user)};`
  return answer('HF-C013', facts.temporary, `role ${info.user} ${can} create temporary tables`, hint)
}

function pooler({ info }: Target): Check[] {
  if (!info.pooler) return []
  return [
    {
      code: 'HF-C015',
      ok: false,
      severity: 'warn',
      message: 'a connection pooler stands before the target; in session mode it works, but slows the copy',
      hint: 'Give the direct URL of the server if there is one.',
    },
  ]
}

function extension({ capabilities }: Target): Check[] {
  const { timescale, timescaleAvailable, edition } = capabilities
  if (timescale === null) {
    const message =
      timescaleAvailable === null
        ? 'the server has no TimescaleDB: time series become ordinary tables'
        : `TimescaleDB ${timescaleAvailable} is on the server, but not created in this database`
    const hint = timescaleAvailable === null ? null : 'As the database owner run: CREATE EXTENSION timescaledb;'
    return [{ code: 'HF-C022', ok: timescaleAvailable === null, severity: 'warn', message, hint }]
  }
  if (edition === 'community') return []
  const message = 'Apache edition of TimescaleDB: hypertables, but no columnstore, policies or continuous aggregates'
  return [{ code: 'HF-C014', ok: true, severity: 'info', message, hint: null }]
}

/** One launcher, one scheduler for each database, the jobs, and parallel queries share one number. */
function workers({ capabilities }: Target, facts: Facts): Check[] {
  if (!capabilities.policies || facts.timescale_workers === null) return []
  const needed = 3 + facts.timescale_workers + facts.parallel_workers
  const ok = facts.worker_processes >= needed
  return [
    {
      code: 'HF-C023',
      ok,
      severity: ok ? 'info' : 'warn',
      message: `max_worker_processes is ${facts.worker_processes}; jobs and parallel queries together may want ${needed}`,
      hint: ok ? null : 'When they run out, policies do not start; timescaledb-tune proposes a value.',
    },
  ]
}
