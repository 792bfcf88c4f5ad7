/** Control schema, version 2: jobs as they were before they were paused, and windows of aggregates that were proven. */

export const version2 = `
create table hyperferry.job_snapshot (
  id bigint generated always as identity primary key,
  migration_id int not null references hyperferry.migration,
  job_id int not null check (job_id >= 1000),
  -- paused: it was running by its schedule; planned: schema made it, and made it paused.
  origin text not null check (origin in ('paused', 'planned')),
  -- left: deleted, started by somebody else or paused anew, so nothing of ours is to be put back.
  state text not null default 'paused' check (state in ('paused', 'restored', 'left')),
  target_table text,
  object text,
  kind text not null check (kind <> ''),
  -- The catalog's row of the job without the column scheduled, by which everything is compared.
  definition jsonb not null check (jsonb_typeof(definition) = 'object'),
  timezone text,
  -- NULL: it had none, or it ran at that moment.
  next_start timestamptz,
  paused_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  constraint job_snapshot_settled check ((state = 'paused') = (settled_at is null))
);
create unique index job_snapshot_open on hyperferry.job_snapshot (migration_id, job_id) where state = 'paused';

create table hyperferry.refreshed_window (
  migration_id int not null references hyperferry.migration,
  aggregate text not null,
  -- Bounds as the server prints them in UTC, in the type of the bucket.
  from_bound text not null,
  to_bound text not null,
  rows bigint not null check (rows >= 0),
  proven_at timestamptz not null default clock_timestamp(),
  primary key (migration_id, aggregate, from_bound, to_bound)
);
`
