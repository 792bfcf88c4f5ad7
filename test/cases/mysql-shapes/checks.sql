-- decimals and unsigned
select area::text from site where area is not null order by id
-- the largest unsigned key
select max(id)::text from site
-- floats are exact
select ratio::float8::text || ' ' || exact::text from site where ratio is not null order by id
-- times over a day
select (extract(epoch from shift_sum) * 1000000)::bigint::text from site where shift_sum is not null order by id
-- sets
select flags::text from site where id <= 3 or id > 100 order by id
-- enums
select status from site where id <= 3 or id > 100 order by id
-- text of four bytes, of latin1, with quotes and spaces
select code || '|' || coalesce(name, '') || '|' || coalesce(memo, '') from site where id in (2, 3) or id > 100 order by id
-- bytes
select encode(logo, 'hex') || ' ' || encode(fixed, 'hex') from site where logo is not null order by id
-- bits
select mask::text from site where mask is not null order by id
-- json keeps its big number
select doc ->> 'n' from site where id = 1
-- instants to the microsecond
select created::text from site where id <= 3 order by id
-- booleans only where all values are
select format('%s %s', active, level) from site where id <= 3 order by id
-- times before 1970 and equal rows without a key
select count(*)::text from event_log where at = '1969-12-31 23:59:59.999+00'
-- stray instants are kept
select ts::text from reading where ts < '1900-01-01' or ts > '2100-01-01' order by ts
-- negative and huge keys
select id::text from epoch_metric where id < -5000 or id > 5000 order by id
-- the self reference is checked
select convalidated::text from pg_constraint where conrelid = 'site'::regclass and contype = 'f'
-- the foreign key that the data breaks is there and not validated
select convalidated::text from pg_constraint where conrelid = 'orphan'::regclass and contype = 'f'
-- sequences go on after the source
with next as (select nextval(pg_get_serial_sequence('device', 'id')) as value) select (value > 4294967295)::text from next
-- comments came along
select col_description('site'::regclass, (select attnum from pg_attribute where attrelid = 'site'::regclass and attname = 'name'))
-- a default works
with made as (insert into site (id, code, opened) values (77, 'new', '2024-01-01') returning rate, status, active, level) select format('%s %s %s %s', rate, status, active, level) from made
