/** Settings of a task's transaction; gone with it, so that no pooled session keeps them. */
import type { TableWork } from './table-work.ts'

/**
 * The commit need not wait for the disk: receipt and rows are lost together, and `durable` comes before anything is claimed. Nobody else writes
 * the tables of an offline line, so a lock is held by another worker that makes a chunk, or by another tool on the same range: worth some waiting,
 * but not for ever. No limit on what a statement may decompress: rows of the columnstore are not its owner's mistake here. Whether rows are compressed on their
 * way in is decided by task (direct-load.ts), not by a setting of the role.
 */
export const taskSettings = `set local synchronous_commit = off; set local lock_timeout = '10s';
select pg_catalog.set_config(name, case when vartype = 'bool' then 'off' else '0' end, true) from pg_catalog.pg_settings
where name in ('timescaledb.max_tuples_decompressed_per_dml_transaction', 'timescaledb.enable_direct_compress_copy', 'timescaledb.enable_direct_compress_insert')`

/**
 * Beside live writers: a lock that is not to be had at once is given up, long before the server looks for a deadlock (a second), so that of a
 * writer and a task that wait for each other the task is the one that fails. See also give-way.ts.
 */
export const liveTaskSettings = taskSettings.replace(`'10s'`, `'200ms'`)

export function settingsOf({ part }: Pick<TableWork, 'part'>): string {
  return part === null ? taskSettings : liveTaskSettings
}
