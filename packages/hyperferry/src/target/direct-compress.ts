/** Rows straight into the columnstore: whether a COPY into this table may be compressed on its way in, and the settings that do it. */
import type { Capabilities } from './capabilities.ts'
import type { Session } from './session.ts'

export interface DirectCompress {
  usable: boolean
  /** In a few words why not; null when usable. */
  reason: string | null
  /** SQL (`set local …`) for the transaction of the COPY; '' when not usable. */
  settings: string
  /** What the server may take in memory to sort the rows of one COPY; 0 when not usable. */
  sortBytes: number
}

/**
 * Asks the table as it stands now, so it is called after the last change of its indexes and triggers. Where this says no, the server would take the rows
 * the ordinary way too, in most cases and with a warning that only its log sees; but one trigger alone is let pass and leaves chunks half rows, half columns.
 * Never throws for a table that is not there: that is not usable.
 */
export async function directCompress(
  session: Session,
  { schema, table, capabilities }: { schema: string; table: string; capabilities: Capabilities },
): Promise<DirectCompress> {
  if (!capabilities.directCompress) return no(tooLittle(capabilities))
  const { rows } = await session.query<Facts>(FACTS, [schema, table])
  const [facts] = rows
  if (facts === undefined || !facts.columnstore) return no('the table has no columnstore')
  if (facts.settings < SETTINGS.length) return no('this server has no setting for it')
  if (facts.unique) return no('the table has a unique index')
  if (facts.exclusion) return no('the table has an exclusion constraint')
  if (facts.reference) return no('the table has a foreign key')
  if (facts.trigger) return no('the table has a trigger')
  const settings = SETTINGS.map(([name, value]) => `set local ${name} = ${value}`)
  const sortBytes = sortBytesOf(facts.buffers)
  return { usable: true, reason: null, settings: [...settings, sorting(sortBytes)].join('; '), sortBytes }
}

function no(reason: string): DirectCompress {
  return { usable: false, reason, settings: '', sortBytes: 0 }
}

function tooLittle({ timescale, edition }: Capabilities): string {
  if (timescale === null) return 'plain PostgreSQL has no columnstore'
  if (edition !== 'community') return 'the Apache edition has no columnstore'
  return `TimescaleDB ${timescale} is older than 2.28.1`
}

/**
 * Says to the server that the rows of this COPY come by segment and time, and overlap no other batch: only for who can prove it (work/row-order.ts), because a server that
 * believes a wrong promise gives wrong answers to queries (docs/design/0015). For the transaction, after `settings`.
 */
export const IN_ORDER = 'set local timescaledb.enable_direct_compress_copy_client_sorted = on'

/** Without that promise: sorted by the server, and marked as to be put in order. */
const SETTINGS = [
  ['timescaledb.enable_direct_compress_copy', 'on'],
  ['timescaledb.enable_direct_compress_copy_sort_batches', 'on'],
  ['timescaledb.enable_direct_compress_copy_client_sorted', 'off'],
] as const

const MB = 1024 * 1024
const LEAST_SORT = 64 * MB
const MOST_SORT = 256 * MB

/** An eighth of shared_buffers for each worker: what was given to a database says how much memory its machine has, as far as one can tell from outside. */
function sortBytesOf(sharedBuffers: string): number {
  return Math.min(MOST_SORT, Math.max(LEAST_SORT, Math.floor(Number(sharedBuffers) / 8)))
}

/** Batches are cut from what is sorted together, so that is a whole task, in memory. What one server calls it another may not know. */
function sorting(bytes: number): string {
  return `set local work_mem = '${Math.floor(bytes / 1024)}kB'; select pg_catalog.set_config(name, '1000000', true) from pg_catalog.pg_settings
where name = 'timescaledb.direct_compress_copy_tuple_sort_limit'`
}

interface Facts {
  settings: number
  /** shared_buffers in bytes. */
  buffers: string
  columnstore: boolean
  unique: boolean
  exclusion: boolean
  reference: boolean
  trigger: boolean
}

/** A setting is looked for and not tried: `set timescaledb.anything` succeeds on every version. Triggers of the extension itself are not the table's. */
const FACTS = `
select (select pg_catalog.count(*)::int4 from pg_catalog.pg_settings where name in (${SETTINGS.map(([name]) => `'${name}'`).join(', ')})) as settings,
  pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers'))::text as buffers,
  coalesce((select h.compression_enabled from timescaledb_information.hypertables h
    where h.hypertable_schema = n.nspname and h.hypertable_name = c.relname), false) as columnstore,
  exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique) as unique,
  exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisexclusion) as exclusion,
  exists (select from pg_catalog.pg_constraint k where c.oid in (k.conrelid, k.confrelid) and k.contype = 'f') as reference,
  exists (select from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
    join pg_catalog.pg_namespace f on f.oid = p.pronamespace
    where t.tgrelid = c.oid and f.nspname not in ('_timescaledb_functions', '_timescaledb_internal')) as trigger
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2`
