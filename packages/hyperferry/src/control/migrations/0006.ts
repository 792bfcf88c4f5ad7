/** Control schema, version 6: files that are copied by command `copy`, without a migration. */

export const version6 = `
-- One file on its way into one table. Its identity is compared whenever the import goes on.
create table hyperferry.import (
  id int generated always as identity primary key,
  name text not null unique check (name <> ''),
  -- Given by a person: it stays, so that the same file is never loaded twice under it.
  named boolean not null,
  target_schema text not null,
  target text not null,
  file text not null,
  -- What the file is: size, time, first and last MiB. NULL for a pipe, which has none.
  identity jsonb,
  -- How it is read: dialect, encoding, columns, where the rows begin.
  reading jsonb not null,
  tool text not null,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz
);

-- Written in the transaction of the rows: these bytes of the file are done.
create table hyperferry.import_range (
  id bigint generated always as identity primary key,
  import_id int not null references hyperferry.import on delete cascade,
  span int8range not null,
  completed boolean not null default false,
  rows bigint not null default 0 check (rows >= 0),
  -- Left out because a row with their key was there.
  skipped bigint not null default 0 check (skipped >= 0),
  refused bigint not null default 0 check (refused >= 0),
  -- CRC-32 of the bytes.
  checksum bigint,
  finished_at timestamptz,
  constraint import_range_shape check (not isempty(span) and lower_inc(span) and not upper_inc(span) and not lower_inf(span) and not upper_inf(span)),
  constraint import_range_end check (completed = (finished_at is not null) and completed = (checksum is not null)),
  constraint import_range_no_overlap exclude using gist (int4range(import_id, import_id, '[]') with =, span with &&)
);

create function hyperferry.import_range_is_complete() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from hyperferry.import_range r where r.id = new.id and not r.completed) then
    raise exception 'range % of an import was not completed', new.id using errcode = 'check_violation',
      schema = 'hyperferry', table = 'import_range', constraint = 'import_range_is_complete';
  end if;
  return null;
end $$;
create constraint trigger import_range_is_complete after insert on hyperferry.import_range
  deferrable initially deferred for each row execute function hyperferry.import_range_is_complete();

-- Rows the target refused, as they stand in the file.
create table hyperferry.import_row (
  id bigint generated always as identity primary key,
  import_id int not null references hyperferry.import on delete cascade,
  range_id bigint not null references hyperferry.import_range on delete cascade,
  position bigint not null,
  line bigint not null,
  column_name text,
  sqlstate text,
  reason text not null,
  content bytea not null,
  created_at timestamptz not null default clock_timestamp()
);
create index import_row_by_place on hyperferry.import_row (import_id, position);

create view hyperferry.imports as
select i.name, i.named, i.target_schema, i.target as target_table, i.file, i.started_at, i.finished_at, r.*
from hyperferry.import i
cross join lateral (
  select coalesce(sum(x.rows), 0) as rows, coalesce(sum(x.skipped), 0) as skipped, coalesce(sum(x.refused), 0) as refused,
    coalesce(sum(upper(x.span) - lower(x.span)), 0) as bytes
  from hyperferry.import_range x where x.import_id = i.id
) r;
comment on view hyperferry.imports is 'One row for each file that was or is being loaded by "hyperferry copy": what of it is in the table.';
`
