/** Control schema, version 1. Never edited after a release: what changes later is a new file. */

/**
 * Base tables have names in the singular; the views in the plural are what people may rely on.
 * Nothing here needs an extension or a superuser.
 */
export const version1 = `
create table hyperferry.migration (
  id int generated always as identity primary key,
  name text not null unique check (name <> ''),
  plan_hash text not null,
  plan jsonb not null,
  source_identity text not null,
  source text not null,
  target_identity text not null,
  tool text not null,
  created_at timestamptz not null default clock_timestamp()
);

create table hyperferry.step (
  id bigint generated always as identity primary key,
  migration_id int not null references hyperferry.migration,
  step text not null check (step <> ''),
  status text not null default 'running' check (status in ('running', 'done', 'failed', 'interrupted')),
  tool text not null,
  plan_hash text not null,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  output jsonb,
  constraint step_end check ((status = 'running') = (finished_at is null)),
  constraint step_output check (status <> 'done' or output is not null)
);
create index step_by_name on hyperferry.step (migration_id, step, id desc);

create table hyperferry.migrated_table (
  id int generated always as identity primary key,
  migration_id int not null references hyperferry.migration,
  source text not null,
  target_schema text not null,
  target text not null,
  kind text not null check (kind in ('timeseries', 'relational')),
  split text not null check (split in ('time', 'pk', 'all')),
  axis text,
  columns_hash text not null,
  estimated_rows numeric not null check (estimated_rows >= 0),
  unique (migration_id, source),
  unique (migration_id, target_schema, target),
  constraint axis_of_split check ((split = 'all') = (axis is null))
);

create table hyperferry.receipt (
  id bigint generated always as identity primary key,
  table_id int not null references hyperferry.migrated_table,
  lane int not null check (lane in (0, 1)),
  span numrange not null,
  completed boolean not null default false,
  rows bigint not null default 0 check (rows >= 0),
  quarantined bigint not null default 0 check (quarantined >= 0),
  bytes bigint not null default 0 check (bytes >= 0),
  digest text not null check (digest ~ '^hf[0-9]+(:[0-9a-f]+){5}$'),
  normaliser int not null check (normaliser > 0),
  losses jsonb not null default '[]' check (jsonb_typeof(losses) = 'array'),
  columns_hash text not null,
  tool text not null,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  constraint receipt_span_shape check (
    not isempty(span) and not upper_inc(span) and (lower_inf(span) or lower_inc(span))
    and coalesce(lower(span) = trunc(lower(span)) and abs(lower(span)) < 1e30, true)
    and coalesce(upper(span) = trunc(upper(span)) and abs(upper(span)) < 1e30, true)),
  constraint receipt_residual_unbounded check (lane = 0 or (lower_inf(span) and upper_inf(span))),
  constraint receipt_end check (completed = (finished_at is not null)),
  -- Range types bring a GiST class with "=", so that no extension is needed.
  constraint receipt_no_overlap exclude using gist (
    int4range(table_id, table_id, '[]') with =, int4range(lane, lane, '[]') with =, span with &&)
);
create index receipt_by_table on hyperferry.receipt (table_id, lane, id);

-- A receipt is inserted first and filled in last, in one transaction; one that was not filled in must not be committed.
create function hyperferry.receipt_is_complete() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from hyperferry.receipt r where r.id = new.id and not r.completed) then
    raise exception 'receipt % was not completed', new.id using errcode = 'check_violation',
      schema = 'hyperferry', table = 'receipt', constraint = 'receipt_is_complete';
  end if;
  return null;
end $$;
create constraint trigger receipt_is_complete after insert on hyperferry.receipt
  deferrable initially deferred for each row execute function hyperferry.receipt_is_complete();

create table hyperferry.quarantine_row (
  id bigint generated always as identity primary key,
  table_id int not null references hyperferry.migrated_table,
  receipt_id bigint not null references hyperferry.receipt,
  code text not null check (code <> ''),
  column_name text,
  reason text not null,
  sqlstate text,
  -- json, not jsonb: nothing about the source's values is normalised, and large values fit.
  key json not null,
  row_values json not null,
  status text not null default 'open' check (status in ('open', 'delivered', 'discarded')),
  created_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  constraint quarantine_settled check ((status = 'open') = (settled_at is null))
);
create index quarantine_open on hyperferry.quarantine_row (table_id, id) where status = 'open';
create index quarantine_by_receipt on hyperferry.quarantine_row (receipt_id);

create table hyperferry.event (
  id bigint generated always as identity primary key,
  migration_id int not null references hyperferry.migration,
  at timestamptz not null default clock_timestamp(),
  kind text not null check (kind <> ''),
  table_id int references hyperferry.migrated_table,
  message text not null,
  data jsonb not null default '{}'
);
create index event_by_time on hyperferry.event (migration_id, at);

-- One row, updated with synchronous_commit = on: the flush takes all earlier asynchronous commits to disk with it.
create table hyperferry.durable (only_row boolean primary key default true check (only_row), marks bigint not null);
insert into hyperferry.durable values (true, 0);

create view hyperferry.progress as
select m.name as migration, t.source as source_table, t.target_schema, t.target as target_table, t.kind,
  r.rows, r.quarantined, r.bytes, t.estimated_rows, r.receipts, r.first_at, r.last_at,
  r.main_covered and (t.split = 'all' or r.residual_covered) as complete
from hyperferry.migrated_table t
join hyperferry.migration m on m.id = t.migration_id
cross join lateral (
  select coalesce(sum(x.rows), 0) as rows, coalesce(sum(x.quarantined), 0) as quarantined, coalesce(sum(x.bytes), 0) as bytes,
    count(*) as receipts, min(x.started_at) as first_at, max(x.finished_at) as last_at,
    coalesce(range_agg(x.span) filter (where x.lane = 0) = '{(,)}'::nummultirange, false) as main_covered,
    coalesce(range_agg(x.span) filter (where x.lane = 1) = '{(,)}'::nummultirange, false) as residual_covered
  from hyperferry.receipt x where x.table_id = t.id
) r;
comment on view hyperferry.progress is
  'One row for each table of the plan: rows copied, rows in quarantine, and whether nothing is left to copy (complete).';

create view hyperferry.receipts as
select m.name as migration, t.source as source_table, t.target as target_table, r.id,
  case r.lane when 0 then 'main' else 'residual' end as lane, lower(r.span) as from_position, upper(r.span) as to_position,
  r.rows, r.quarantined, r.bytes, r.digest, r.normaliser, r.losses, r.tool, r.started_at, r.finished_at
from hyperferry.receipt r
join hyperferry.migrated_table t on t.id = r.table_id
join hyperferry.migration m on m.id = t.migration_id;
comment on view hyperferry.receipts is
  'One row for each finished task: the half-open range of source positions [from_position, to_position) it copied; NULL is unbounded.';

create view hyperferry.quarantine as
select m.name as migration, t.source as source_table, t.target as target_table, q.id, q.code, q.column_name, q.reason,
  q.sqlstate, q.key, q.row_values, q.status, q.created_at, q.settled_at, q.receipt_id
from hyperferry.quarantine_row q
join hyperferry.migrated_table t on t.id = q.table_id
join hyperferry.migration m on m.id = t.migration_id;
comment on view hyperferry.quarantine is
  'Rows of the source that could not be represented in the target, each with the reason, its key and all its values as text.';

create view hyperferry.events as
select m.name as migration, e.id, e.at, e.kind, t.source as source_table, e.message, e.data
from hyperferry.event e
join hyperferry.migration m on m.id = e.migration_id
left join hyperferry.migrated_table t on t.id = e.table_id
union all
select m.name, -s.id, s.started_at, 'step', null, s.step || ' ' || s.status, jsonb_build_object('tool', s.tool, 'finished_at', s.finished_at)
from hyperferry.step s
join hyperferry.migration m on m.id = s.migration_id;
comment on view hyperferry.events is
  'What happened when: the steps of the run (negative id) and noteworthy events in between. Order by at.';
`
