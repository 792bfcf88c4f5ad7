/** Control schema, version 9: indexes that an import has taken off an empty table and owes it. */

export const version9 = `
-- Written in the transaction that drops the index, deleted in the one that makes it again. No cascade: an import is not forgotten while its table lacks one.
create table hyperferry.import_index (
  id int generated always as identity primary key,
  import_id int not null references hyperferry.import,
  -- To notice that another table has taken its name since; gone after a restore.
  table_oid oid not null,
  index_schema text not null,
  index_name text not null,
  definition text not null,
  -- NULL: that of the database.
  tablespace text,
  comment text,
  dropped_at timestamptz not null default clock_timestamp(),
  unique (index_schema, index_name)
);
comment on table hyperferry.import_index is 'Indexes that "hyperferry copy --defer-indexes" makes when all rows are loaded; "copy --make-indexes" makes them at once.';
`
