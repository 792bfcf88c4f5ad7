/** Settings of a task's transaction; gone with it, so that no pooled session keeps them. */

/**
 * The commit need not wait for the disk: receipt and rows are lost together, and `durable` comes before anything is claimed. Nobody else writes
 * the tables of an offline line, so a lock is held by another worker that makes a chunk, or by another tool on the same range: worth some waiting,
 * but not for ever. No limit on what a statement may decompress: rows of the columnstore are not its owner's mistake here.
 */
export const taskSettings = `set local synchronous_commit = off; set local lock_timeout = '10s';
select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings
where name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'`
