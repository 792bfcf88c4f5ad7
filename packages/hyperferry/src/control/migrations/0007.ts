/** Control schema, version 7: what a person decided about a row in quarantine, and what the row was when the target refused it. */

export const version7 = `
alter table hyperferry.quarantine_row
  -- Hash of the row as it was sent (docs/design/0003), 32 hex digits. NULL: the transcoder refused it, it was never sent.
  add column row_hash text check (row_hash ~ '^[0-9a-f]{32}$'),
  -- Whether the key is in the source's own words, so that it finds the row there. false: as PostgreSQL prints it.
  add column source_key boolean not null default true,
  -- fix: a person gave values. retry: read again, and now it fitted. discard: given up. gone: the source has it no more.
  add column settled_how text check (settled_how in ('fix', 'retry', 'discard', 'gone')),
  add column settled_by text,
  add column settled_reason text,
  -- Of a fix: the values a person gave, by source column.
  add column settled_values json,
  -- Of a fix: the binary COPY tuple that was put into the target in the row's place.
  add column settled_tuple bytea,
  drop constraint quarantine_row_status_check,
  add constraint quarantine_row_status_check check (status in ('open', 'delivered', 'discarded', 'gone')),
  add constraint quarantine_tuple check ((settled_how is not distinct from 'fix') = (settled_tuple is not null));
-- The target refuses what was sent to it.
update hyperferry.quarantine_row set source_key = false where code in ('HF-D020', 'HF-D021');
create index quarantine_decided on hyperferry.quarantine_row (table_id) where settled_how in ('fix', 'discard');

create or replace view hyperferry.quarantine as
select m.name as migration, t.source as source_table, t.target as target_table, q.id, q.code, q.column_name, q.reason,
  q.sqlstate, q.key, q.row_values, q.status, q.created_at, q.settled_at, q.receipt_id,
  q.settled_how, q.settled_by, q.settled_reason, q.settled_values
from hyperferry.quarantine_row q
join hyperferry.migrated_table t on t.id = q.table_id
join hyperferry.migration m on m.id = t.migration_id;
`
