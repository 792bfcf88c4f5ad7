/** Settings of a piece's transaction. */

/**
 * Not the session's own: what a text means is for the role and database to say (time zone, order of day and month), and triggers find their tables by the
 * search path. What passes by once cannot be sent again when a crash has taken it back: its commits wait for the disk.
 */
export const STREAM_SETTINGS = `set local timezone to default; set local datestyle to default; set local intervalstyle to default;
set local search_path to default; set local lock_timeout = '10s';
select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings
where name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'`

/** A commit need not wait where the text can be read again: the place in the books and the rows are lost together, and `durable` comes before anything is claimed. */
export const PIECE_SETTINGS = `set local synchronous_commit = off; ${STREAM_SETTINGS}`
