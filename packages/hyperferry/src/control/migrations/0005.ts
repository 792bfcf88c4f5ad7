/** Control schema, version 5: a table is complete when its receipts cover the part of it that belongs to the backfill; receipts know since when late rows concern them. */

export const version5 = `
-- Highest late_op when the task's range was deleted; later ones that fall into the range mean that it has to be done again. NULL: rows are told apart by a key.
alter table hyperferry.receipt add column late_since bigint;

create or replace view hyperferry.progress as
select m.name as migration, t.source as source_table, t.target_schema, t.target as target_table, t.kind,
  r.rows, r.quarantined, r.bytes, t.estimated_rows, r.receipts, r.first_at, r.last_at,
  r.main_covered and (t.split = 'all' or r.residual_covered) as complete
from hyperferry.migrated_table t
join hyperferry.migration m on m.id = t.migration_id
left join hyperferry.completion_point c on c.table_id = t.id and t.split = 'time'
cross join lateral (
  select coalesce(sum(x.rows), 0) as rows, coalesce(sum(x.quarantined), 0) as quarantined, coalesce(sum(x.bytes), 0) as bytes,
    count(*) as receipts, min(x.started_at) as first_at, max(x.finished_at) as last_at,
    coalesce(range_agg(x.span) filter (where x.lane = 0), '{}'::nummultirange)
      @> case when c.table_id is null then '{(,)}'::nummultirange
           else nummultirange(numrange(null, c.position), numrange(c.beyond_position, null)) end as main_covered,
    coalesce(range_agg(x.span) filter (where x.lane = 1) = '{(,)}'::nummultirange, false) as residual_covered
  from hyperferry.receipt x where x.table_id = t.id
) r;
`
