/** Control schema, version 3: who writes, in which stage, up to where the backfill is responsible (docs/design/0009). */

export const version3 = `
create table hyperferry.dual_write (
  migration_id int primary key references hyperferry.migration,
  stage text not null default 'off' check (stage in ('off', 'dualwrite', 'shadow', 'live', 'complete')),
  -- +1 at each committed or aborted change of roles; who is primary is said by the next column, never by parity.
  epoch int not null default 0 check (epoch >= 0),
  primary_store text not null default 'source' check (primary_store in ('source', 'target')),
  -- open: writers work. prepare: a change of roles is near, they look more often. hold: they admit nothing.
  phase text not null default 'open' check (phase in ('open', 'prepare', 'hold')),
  hold_id uuid,
  -- A tool that dies in a hold must not stop the application for ever: from here on any writer ends it (w1_heartbeat).
  hold_expires_at timestamptz,
  barrier bigint not null default 0,
  -- Names the outbox where the source remembers which of its records it has.
  outbox_journal uuid not null default gen_random_uuid(),
  contract json not null,
  contract_hash text not null,
  stage_since timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  constraint dual_write_hold check ((phase = 'open') = (hold_id is null) and (hold_id is null) = (hold_expires_at is null)),
  constraint dual_write_primary check (primary_store = case when stage in ('live', 'complete') then 'target' else 'source' end)
);

create table hyperferry.writer (
  id bigint generated always as identity primary key,
  migration_id int not null references hyperferry.migration,
  name text not null check (name <> ''),
  -- external: declared by hand; it does not use the library and cannot be held.
  kind text not null check (kind in ('library', 'external')),
  -- One process; a restart is another incarnation of the same journal.
  incarnation uuid not null unique default gen_random_uuid(),
  journal uuid,
  library text,
  facts json not null default '{}',
  registered_at timestamptz not null default clock_timestamp(),
  heartbeat_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  -- clean: all delivered. superseded: the next incarnation has its journal. lost: declared so by a person. stopped: an external writer that ended.
  closed text check (closed in ('clean', 'superseded', 'lost', 'stopped')),
  stage text not null default 'off',
  epoch int not null default 0,
  -- When it had no single-mode write left; null before. The coverage instant is the latest of these.
  dual_since timestamptz,
  held uuid,
  barrier bigint not null default 0,
  in_flight bigint not null default 0,
  pending bigint not null default 0,
  in_doubt bigint not null default 0,
  -- Smallest instant of a row not delivered yet by source table: {"reading": "1700000000000000"}.
  low json not null default '{}',
  -- By source table: how late rows came, see docs/design/0009.
  lateness json not null default '{}',
  clock_offset_us bigint,
  clock_error_us bigint,
  constraint writer_closed check ((closed is null) = (closed_at is null)),
  constraint writer_journal check ((kind = 'library') = (journal is not null))
);
create index writer_open on hyperferry.writer (migration_id) where closed is null;

-- How far the records of a journal are in the target; moved in the transaction of their rows.
create table hyperferry.inbox (
  journal uuid primary key,
  migration_id int not null references hyperferry.migration,
  applied bigint not null default 0 check (applied >= 0),
  updated_at timestamptz not null default clock_timestamp()
);

-- Writes to the target that the source does not have yet, left in their transaction.
create table hyperferry.outbox (
  id bigint generated always as identity primary key,
  migration_id int not null references hyperferry.migration,
  epoch int not null,
  writer_id bigint not null references hyperferry.writer,
  record json not null,
  created_at timestamptz not null default clock_timestamp()
);

create table hyperferry.completion_point (
  table_id int primary key references hyperferry.migrated_table,
  t timestamptz not null,
  -- T as the target's time column holds it: microseconds since 1970-01-01 UTC (wall clock where the type has no zone), or the raw integer.
  instant numeric not null check (instant = trunc(instant)),
  -- T in the source's unit, as positions are (docs/design/0001).
  position numeric not null check (position = trunc(position)),
  -- From here on the backfill is responsible again: rows stamped so far in the future were written before anybody wrote twice.
  beyond_instant numeric not null check (beyond_instant > instant),
  beyond_position numeric not null,
  grade text not null check (grade in ('proven', 'observed')),
  evidence json not null,
  decided_at timestamptz not null default clock_timestamp()
);

-- Rows that a writer delivered into the part of a table that belongs to the backfill; left in the transaction of the rows.
create table hyperferry.late_op (
  id bigint generated always as identity primary key,
  table_id int not null references hyperferry.migrated_table,
  -- Of the instants of those rows, both ends included.
  span numrange not null,
  rows int not null check (rows > 0),
  created_at timestamptz not null default clock_timestamp()
);
create index late_op_by_table on hyperferry.late_op (table_id, id);

-- Records that the other store refuses for good. They stand here so that the ones behind them can go on.
create table hyperferry.parked_op (
  id bigint generated always as identity primary key,
  migration_id int not null references hyperferry.migration,
  writer_id bigint not null references hyperferry.writer,
  direction text not null check (direction in ('to target', 'to source')),
  journal uuid not null,
  seq bigint not null,
  collection text not null,
  record json not null,
  sqlstate text,
  reason text not null,
  -- Smallest instant of its rows, null without one.
  low_instant numeric,
  status text not null default 'open' check (status in ('open', 'delivered', 'discarded')),
  created_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  unique (journal, seq),
  constraint parked_settled check ((status = 'open') = (settled_at is null))
);
create index parked_open on hyperferry.parked_op (migration_id) where status = 'open';

-- An interval in which a write may be in one store only; closed by a verify of everything that began later and found both stores equal.
create table hyperferry.suspect_window (
  id bigint generated always as identity primary key,
  migration_id int not null references hyperferry.migration,
  writer_id bigint not null references hyperferry.writer,
  collection text,
  from_at timestamptz not null,
  to_at timestamptz not null,
  reason text not null,
  created_at timestamptz not null default clock_timestamp()
);

create view hyperferry.writers as
select m.name as migration, w.id, w.name as writer, w.kind, w.stage, w.epoch, w.dual_since, w.registered_at, w.heartbeat_at,
  case when w.closed is not null then w.closed when w.kind = 'external' then 'declared'
    when w.heartbeat_at > clock_timestamp() - interval '15 seconds' then 'alive' else 'silent' end as state,
  w.in_flight, w.pending, w.in_doubt, w.low, w.lateness, w.library, w.journal
from hyperferry.writer w join hyperferry.migration m on m.id = w.migration_id;
comment on view hyperferry.writers is
  'Processes that write to both databases, and writers declared by hand: in which stage they are, and what they have not delivered yet.';
`
