-- text of any length and four bytes
select name || '|' || code from site where id = 1
-- a decimal kept as a double
select price::text from site where id = 1
-- times in three notations, and an offset
select at::text from event_log where kind in ('seven digits', 'offset') order by kind
-- fractions are floored
select count(*)::text from event_log where extract(microseconds from at)::bigint % 1000000 = 123456
-- equal rows without a key
select count(*)::text from (select at from event_log group by at having count(*) = 2) twins
-- negative epoch
select t::text from metric where t < 0
-- text of the readings
select note from reading where ts = 1700000050000 and note is not null
-- reals are exact
select value::text from reading where ts = 1700000001000
-- keyless NULL in a key of text
select count(*)::text from tag where name is null
-- the foreign key that the data breaks is not validated
select convalidated::text from pg_constraint where conrelid = 'tag'::regclass and contype = 'f'
-- checks came along
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'site'::regclass and contype = 'c'
