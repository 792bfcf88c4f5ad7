/**
 * Control schema, version 4: the functions a production writer may call, under contract number 1. They run as the owner of the schema, so an application
 * needs EXECUTE on them and nothing else here; none of them can change stage, epoch or completion point.
 *
 * SQLSTATEs: HF001 no such migration · HF002 another contract number · HF003 this writer was closed, admit nothing ·
 * HF004 the epoch has changed · HF005 on hold · HF006 records out of order.
 */

const functions = `
create function hyperferry.w1_state(p_migration int) returns json language sql stable set search_path = pg_catalog, pg_temp as $$
  select json_build_object('stage', d.stage, 'epoch', d.epoch, 'primary', d.primary_store, 'phase', d.phase, 'holdId', d.hold_id,
    'barrier', d.barrier, 'contractHash', d.contract_hash, 'outboxJournal', d.outbox_journal,
    'nowUs', (extract(epoch from clock_timestamp()) * 1000000)::bigint::text)
  from hyperferry.dual_write d where d.migration_id = p_migration
$$;

-- Before stage was ever called there is no row of dual_write: the writer is in stage off and gets no contract.
create function hyperferry.w1_register(p_migration text, p_writer json) returns json language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_migration int;
  v_control hyperferry.dual_write;
  v_before hyperferry.writer;
  v_id bigint;
  v_journal uuid := (p_writer ->> 'journal')::uuid;
begin
  if coalesce((p_writer ->> 'contract')::int, 0) <> 1 then
    raise exception 'this control schema speaks contract 1, the writer %', p_writer ->> 'contract' using errcode = 'HF002';
  end if;
  select id into v_migration from hyperferry.migration where name = p_migration;
  if v_migration is null then
    raise exception 'no migration "%" in this database', p_migration using errcode = 'HF001';
  end if;
  -- Waits for a change of stage that is under way.
  select * into v_control from hyperferry.dual_write where migration_id = v_migration for share;
  -- Who registers has the journal's lock on its machine, so earlier processes with this journal are gone.
  select * into v_before from hyperferry.writer where journal = v_journal and migration_id = v_migration order by id desc limit 1;
  update hyperferry.writer set closed = 'superseded', closed_at = clock_timestamp() where journal = v_journal and closed is null;
  if v_before.closed = 'lost' then
    raise exception 'the journal of this writer was declared lost' using errcode = 'HF003';
  end if;
  insert into hyperferry.writer (migration_id, name, kind, incarnation, journal, library, facts, stage, epoch, dual_since)
  values (v_migration, p_writer ->> 'name', 'library', (p_writer ->> 'incarnation')::uuid, v_journal, p_writer ->> 'library',
    coalesce(p_writer -> 'facts', '{}'), coalesce(v_control.stage, 'off'), coalesce(v_control.epoch, 0),
    -- What it inherits with the journal: an earlier process that wrote to both stores has left its intents there.
    case when v_before.closed is distinct from 'lost' then v_before.dual_since end)
  returning id into v_id;
  return json_build_object('writerId', v_id::text, 'state', hyperferry.w1_state(v_migration), 'contract', v_control.contract);
end $$;

create function hyperferry.w1_open(p_writer bigint) returns hyperferry.writer language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_writer hyperferry.writer;
begin
  select * into v_writer from hyperferry.writer where id = p_writer;
  if v_writer.id is null or v_writer.closed is not null then
    raise exception 'writer % is closed (%)', p_writer, coalesce(v_writer.closed, 'unknown') using errcode = 'HF003';
  end if;
  return v_writer;
end $$;

create function hyperferry.w1_heartbeat(p_writer bigint, p_state json) returns json language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_writer hyperferry.writer := hyperferry.w1_open(p_writer);
begin
  update hyperferry.dual_write set phase = 'open', hold_id = null, hold_expires_at = null, epoch = epoch + 1, changed_at = clock_timestamp()
  where migration_id = v_writer.migration_id and phase <> 'open' and hold_expires_at < clock_timestamp();
  update hyperferry.writer set heartbeat_at = clock_timestamp(),
    stage = coalesce(p_state ->> 'stage', stage),
    epoch = coalesce((p_state ->> 'epoch')::int, epoch),
    dual_since = case when p_state ->> 'dual' = 'true' then coalesce(dual_since, clock_timestamp()) end,
    held = (p_state ->> 'held')::uuid,
    barrier = coalesce((p_state ->> 'barrier')::bigint, barrier),
    in_flight = coalesce((p_state ->> 'inFlight')::bigint, in_flight),
    pending = coalesce((p_state ->> 'pending')::bigint, pending),
    in_doubt = coalesce((p_state ->> 'inDoubt')::bigint, in_doubt),
    low = coalesce(p_state -> 'low', low),
    lateness = coalesce(p_state -> 'lateness', lateness),
    clock_offset_us = coalesce((p_state ->> 'clockOffsetUs')::bigint, clock_offset_us),
    clock_error_us = coalesce((p_state ->> 'clockErrorUs')::bigint, clock_error_us),
    facts = coalesce(p_state -> 'facts', facts)
  where id = p_writer;
  return hyperferry.w1_state(v_writer.migration_id);
end $$;

create function hyperferry.w1_contract(p_writer bigint) returns json language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_writer hyperferry.writer := hyperferry.w1_open(p_writer);
begin
  return (select contract from hyperferry.dual_write where migration_id = v_writer.migration_id);
end $$;

-- First in a transaction that delivers records: how far this journal is. The row stays locked until the end, so two deliverers take turns.
-- Also for a writer that was closed: what its journal holds was acknowledged and must arrive.
create function hyperferry.w1_inbox(p_writer bigint, p_journal uuid) returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_migration int;
  v_applied bigint;
begin
  select migration_id into v_migration from hyperferry.writer where id = p_writer and journal = p_journal and closed is distinct from 'lost';
  if v_migration is null then
    raise exception 'journal % is not of writer %', p_journal, p_writer using errcode = 'HF003';
  end if;
  insert into hyperferry.inbox (journal, migration_id) values (p_journal, v_migration) on conflict do nothing;
  select applied into v_applied from hyperferry.inbox where journal = p_journal for update;
  return v_applied;
end $$;

-- Last in that transaction: the records (p_from, p_to] are in. p_rows: {"reading": ["1700000000000000", …]}, the instants of their rows.
create function hyperferry.w1_applied(p_writer bigint, p_journal uuid, p_from bigint, p_to bigint, p_rows json) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_migration int;
begin
  update hyperferry.inbox set applied = p_to, updated_at = clock_timestamp()
  where journal = p_journal and applied = p_from and p_to > p_from returning migration_id into v_migration;
  if v_migration is null then
    raise exception 'journal %: records from % are not next', p_journal, p_from using errcode = 'HF006';
  end if;
  -- The lock makes a point that is being decided wait for this transaction, and this one for it.
  perform from hyperferry.dual_write where migration_id = v_migration for key share;
  insert into hyperferry.late_op (table_id, span, rows)
  select t.id, numrange(min(i.instant), max(i.instant), '[]'), count(*)
  from json_each(p_rows) c
  join hyperferry.migrated_table t on t.migration_id = v_migration and t.source = c.key
  join hyperferry.completion_point p on p.table_id = t.id
  cross join lateral (select value::numeric as instant from json_array_elements_text(c.value)) i
  where i.instant < p.instant or i.instant >= p.beyond_instant
  group by t.id;
end $$;

-- In place of the rows of one record that the target refuses for good.
create function hyperferry.w1_park(p_writer bigint, p_journal uuid, p_from bigint, p_op json) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_migration int;
begin
  select migration_id into v_migration from hyperferry.writer where id = p_writer and journal = p_journal;
  insert into hyperferry.parked_op (migration_id, writer_id, direction, journal, seq, collection, record, sqlstate, reason, low_instant)
  values (v_migration, p_writer, 'to target', p_journal, (p_op ->> 'seq')::bigint, p_op ->> 'collection', p_op -> 'record',
    p_op ->> 'sqlstate', p_op ->> 'reason', (p_op ->> 'low')::numeric);
  perform hyperferry.w1_applied(p_writer, p_journal, p_from, (p_op ->> 'seq')::bigint, '{}');
end $$;

-- First in a transaction that writes to the target as the primary store: the roles cannot change before it ends.
create function hyperferry.w1_begin(p_writer bigint, p_epoch int) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_writer hyperferry.writer := hyperferry.w1_open(p_writer);
  v_control hyperferry.dual_write;
begin
  select * into v_control from hyperferry.dual_write where migration_id = v_writer.migration_id for share;
  if v_control.epoch <> p_epoch or v_control.primary_store <> 'target' then
    raise exception 'epoch % is over, it is % now', p_epoch, v_control.epoch using errcode = 'HF004';
  end if;
  if v_control.phase = 'hold' then
    raise exception 'writes are on hold' using errcode = 'HF005';
  end if;
end $$;

-- Last in that transaction: what the source has to get too. Nothing once the migration is complete.
create function hyperferry.w1_outbox(p_writer bigint, p_epoch int, p_records json) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_writer hyperferry.writer := hyperferry.w1_open(p_writer);
begin
  insert into hyperferry.outbox (migration_id, epoch, writer_id, record)
  select v_writer.migration_id, p_epoch, p_writer, r.value
  from json_array_elements(p_records) with ordinality as r (value, n)
  where exists (select from hyperferry.dual_write d where d.migration_id = v_writer.migration_id and d.stage = 'live')
  order by r.n;
end $$;

-- Records for the source that nobody else is delivering; they stay locked until the transaction ends.
create function hyperferry.w1_outbox_take(p_writer bigint, p_limit int) returns table (id bigint, record json) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_writer hyperferry.writer := hyperferry.w1_open(p_writer);
begin
  return query select o.id, o.record from hyperferry.outbox o where o.migration_id = v_writer.migration_id
    order by o.id limit p_limit for update skip locked;
end $$;

create function hyperferry.w1_outbox_done(p_writer bigint, p_ids bigint[]) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_writer hyperferry.writer := hyperferry.w1_open(p_writer);
begin
  delete from hyperferry.outbox o where o.migration_id = v_writer.migration_id and o.id = any (p_ids);
end $$;

create function hyperferry.w1_outbox_park(p_writer bigint, p_id bigint, p_op json) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_writer hyperferry.writer := hyperferry.w1_open(p_writer);
begin
  insert into hyperferry.parked_op (migration_id, writer_id, direction, journal, seq, collection, record, sqlstate, reason, low_instant)
  select o.migration_id, p_writer, 'to source', d.outbox_journal, o.id, p_op ->> 'collection', o.record, p_op ->> 'sqlstate', p_op ->> 'reason',
    (p_op ->> 'low')::numeric
  from hyperferry.outbox o join hyperferry.dual_write d on d.migration_id = o.migration_id
  where o.migration_id = v_writer.migration_id and o.id = p_id;
  delete from hyperferry.outbox o where o.migration_id = v_writer.migration_id and o.id = p_id;
end $$;

-- An outcome that nobody can find out. Counts against the migration until everything was compared again.
create function hyperferry.w1_suspect(p_writer bigint, p_collection text, p_from_us bigint, p_reason text) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_migration int;
begin
  select migration_id into v_migration from hyperferry.writer where id = p_writer;
  insert into hyperferry.suspect_window (migration_id, writer_id, collection, from_at, to_at, reason)
  values (v_migration, p_writer, p_collection, to_timestamp(p_from_us / 1000000.0), clock_timestamp(), p_reason);
end $$;

-- Everything is delivered and nothing more will come.
create function hyperferry.w1_close(p_writer bigint) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update hyperferry.writer set closed = 'clean', closed_at = clock_timestamp(), in_flight = 0, pending = 0, in_doubt = 0, low = '{}'
  where id = p_writer and closed is null;
end $$;
`

/** Functions an application may execute; the others are parts of these. */
export const WRITER_FUNCTIONS = [
  'w1_register(text, json)',
  'w1_heartbeat(bigint, json)',
  'w1_contract(bigint)',
  'w1_inbox(bigint, uuid)',
  'w1_applied(bigint, uuid, bigint, bigint, json)',
  'w1_park(bigint, uuid, bigint, json)',
  'w1_begin(bigint, int)',
  'w1_outbox(bigint, int, json)',
  'w1_outbox_take(bigint, int)',
  'w1_outbox_done(bigint, bigint[])',
  'w1_outbox_park(bigint, bigint, json)',
  'w1_suspect(bigint, text, bigint, text)',
  'w1_close(bigint)',
] as const

const internal = ['w1_state(int)', 'w1_open(bigint)']

export const version4 = `${functions}
${[...WRITER_FUNCTIONS, ...internal].map((one) => `revoke all on function hyperferry.${one} from public;`).join('\n')}
`
