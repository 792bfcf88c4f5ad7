/** What this server can do, found out once and passed around as a value; steps ask it and never a version. */
import { HyperferryError } from '../errors.ts'
import type { Address } from './address.ts'
import type { Session } from './session.ts'

export interface Capabilities {
  /** server_version_num, e.g. 180004. */
  postgres: number
  /** Version of the extension in this database; null when it is not created here. */
  timescale: string | null
  /** By `timescaledb.license`; null without the extension. */
  edition: 'community' | 'apache' | null
  /** Schema that holds create_hypertable and so on. */
  extensionSchema: string | null
  hypertables: boolean
  columnstore: boolean
  /** Columnstore, retention and refresh policies, and the jobs behind them. */
  policies: boolean
  continuousAggregates: boolean
  /** A plain table may reference a hypertable (2.16). */
  foreignKeyToHypertable: boolean
  /** Direct compress that enforces CHECK and NOT NULL (2.28.1). */
  directCompress: boolean
  /** `_timescaledb_functions.create_chunk`: chunks can be made before rows come. */
  createChunk: boolean
  /** The extension is installed on the server but not created in this database. */
  timescaleAvailable: string | null
  isSuperuser: boolean
  isDatabaseOwner: boolean
  /** CREATE on the database: may make schemas. */
  canCreateSchema: boolean
}

export interface TargetInfo {
  product: 'TimescaleDB' | 'PostgreSQL'
  /** `TimescaleDB 2.28.3 community on PostgreSQL 16.4` or `PostgreSQL 18.1`. */
  version: string
  /** host:port, for messages. */
  label: string
  database: string
  /** Role whose rights count. */
  user: string
  /** Names this very database: the cluster's system identifier and the database's OID. Compared between runs (HF-B021). */
  identity: string
  encoding: string
  /** A pooler (in session mode) stands between. */
  pooler: boolean
  /** max_connections less those reserved and those in use; null when not to be told. */
  freeConnections: number | null
}

const MIN_POSTGRES = 150_000
const MIN_TIMESCALE = [2, 19] as const

/**
 * Asks the server once; `another` opens a second session, needed only when a pooler stands between.
 * Throws HF-C014 (too old), HF-C015 (transaction pooler), HF-C016 (read-only), HF-C018 (encoding).
 */
export async function detect(
  session: Session,
  address: Address,
  another: () => Promise<Session>,
): Promise<{ info: TargetInfo; capabilities: Capabilities }> {
  const { rows } = await session.query<Facts>(QUESTION)
  const [facts] = rows
  if (facts === undefined) throw new HyperferryError('HF-X001', { what: 'the target did not answer what it is' })
  refuse(facts, address)
  // Through a pooler the process number of the handshake is the pooler's invention.
  const pooler = facts.pid !== session.pid
  if (pooler && (await sharesBackends(session, another))) {
    throw new HyperferryError('HF-C015', { what: `the target at ${address.label} is a pooler in transaction mode` })
  }
  const capabilities = capabilitiesOf(facts)
  return {
    info: { ...infoOf(facts, capabilities, address), pooler, identity: await identity(session, facts) },
    capabilities,
  }
}

interface Facts {
  postgres: number
  version: string
  pid: number
  standby: boolean
  read_only: string
  encoding: string
  database: string
  database_oid: string
  role: string
  timescale: string | null
  extension_schema: string | null
  available: string | null
  license: string | null
  create_chunk: boolean
  superuser: boolean
  database_owner: boolean
  can_create: boolean
  may_identify: boolean
  free: number
}

/** A server older than PostgreSQL 9.6 does not know all of these names, but then it says so with a SQLSTATE. */
const QUESTION = `
select current_setting('server_version_num')::int4 as postgres, current_setting('server_version') as version,
  pg_catalog.pg_backend_pid() as pid, pg_catalog.pg_is_in_recovery() as standby,
  current_setting('transaction_read_only') as read_only, current_setting('server_encoding') as encoding,
  d.datname::text as database, d.oid::int8::text as database_oid, current_user::text as role,
  e.extversion as timescale, n.nspname::text as extension_schema, current_setting('timescaledb.license', true) as license,
  (select default_version from pg_catalog.pg_available_extensions where name = 'timescaledb') as available,
  pg_catalog.to_regproc('_timescaledb_functions.create_chunk') is not null as create_chunk,
  (select rolsuper from pg_catalog.pg_roles where rolname = current_user) as superuser,
  pg_catalog.pg_has_role(d.datdba, 'USAGE') as database_owner,
  pg_catalog.has_database_privilege(d.oid, 'CREATE') as can_create,
  pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') as may_identify,
  current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4
    - (select pg_catalog.sum(numbackends) from pg_catalog.pg_stat_database)::int4 as free
from pg_catalog.pg_database d
left join pg_catalog.pg_extension e on e.extname = 'timescaledb'
left join pg_catalog.pg_namespace n on n.oid = e.extnamespace
where d.datname = pg_catalog.current_database()`

function refuse(facts: Facts, address: Address): void {
  const where = `the target at ${address.label}`
  if (facts.postgres < MIN_POSTGRES) {
    throw new HyperferryError('HF-C014', { what: `${where} is PostgreSQL ${facts.version}` })
  }
  if (facts.timescale !== null && !atLeast(facts.timescale, ...MIN_TIMESCALE)) {
    throw new HyperferryError('HF-C014', { what: `${where} has TimescaleDB ${facts.timescale}` })
  }
  if (facts.standby) throw new HyperferryError('HF-C016', { what: `${where} is a standby` })
  if (facts.read_only === 'on') {
    throw new HyperferryError('HF-C016', {
      what: `${where} opens every transaction read-only`,
      hint: `It is a setting of the role or the database: ALTER ROLE … RESET default_transaction_read_only.`,
    })
  }
  if (facts.encoding !== 'UTF8') {
    throw new HyperferryError('HF-C018', { what: `database ${facts.database} is encoded in ${facts.encoding}` })
  }
}

function capabilitiesOf(facts: Facts): Capabilities {
  const version = facts.timescale
  const edition = version === null ? null : facts.license === 'timescale' ? 'community' : 'apache'
  const community = edition === 'community'
  return {
    postgres: facts.postgres,
    timescale: version,
    edition,
    extensionSchema: facts.extension_schema,
    hypertables: version !== null,
    columnstore: community,
    policies: community,
    continuousAggregates: community,
    foreignKeyToHypertable: version !== null && atLeast(version, 2, 16),
    directCompress: community && atLeast(version ?? '', 2, 28, 1),
    createChunk: community && facts.create_chunk,
    timescaleAvailable: version === null ? facts.available : null,
    isSuperuser: facts.superuser,
    isDatabaseOwner: facts.database_owner,
    canCreateSchema: facts.can_create,
  }
}

function infoOf(facts: Facts, capabilities: Capabilities, address: Address): Omit<TargetInfo, 'pooler' | 'identity'> {
  const postgres = `PostgreSQL ${facts.version.split(' ', 1)[0] ?? facts.version}`
  const { timescale, edition } = capabilities
  return {
    product: timescale === null ? 'PostgreSQL' : 'TimescaleDB',
    version: timescale === null ? postgres : `TimescaleDB ${timescale} ${edition ?? ''} on ${postgres}`,
    label: address.label,
    database: facts.database,
    user: facts.role,
    encoding: facts.encoding,
    freeConnections: facts.free,
  }
}

/**
 * Whether two sessions of ours can meet the same backend, or one of them several: then nothing that belongs to a session can be relied on.
 * The second holds a transaction, so that the first is given another backend if the pooler has one.
 */
async function sharesBackends(first: Session, another: () => Promise<Session>): Promise<boolean> {
  const backend = async (session: Session): Promise<number | undefined> =>
    (await session.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid')).rows[0]?.pid
  const second = await another()
  try {
    const before = await backend(first)
    await second.query('begin')
    const other = await backend(second)
    const after = await backend(first)
    await second.query('rollback')
    return before === other || before !== after
  } finally {
    await second.release(true)
  }
}

async function identity(session: Session, facts: Facts): Promise<string> {
  if (!facts.may_identify) return `pg:?/${facts.database_oid}/${facts.database}`
  const { rows } = await session.query<{ id: string }>(
    'select system_identifier::text as id from pg_catalog.pg_control_system()',
  )
  return `pg:${rows[0]?.id ?? '?'}/${facts.database_oid}`
}

/** Whether version text `2.28.3` (suffixes such as `-dev` ignored) is at least the numbers given. */
function atLeast(version: string, ...least: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map(Number)
  for (const [index, want] of least.entries()) {
    const have = parts[index] ?? 0
    if (have !== want) return have > want
  }
  return true
}
