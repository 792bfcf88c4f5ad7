/** Control schema: how fast the backfill may go, and what it says of itself while it runs. */

export const version8 = `
create table hyperferry.pacing (
  migration_id int primary key references hyperferry.migration on delete cascade,
  -- What people say. NULL: nobody has paused it; the plan's word holds.
  paused_by text,
  paused_at timestamptz,
  pause_reason text,
  workers int check (workers between 1 and 64),
  -- Limits by name in milliseconds, bytes or counts; JSON null takes a limit of the plan away.
  pause_when jsonb not null default '{}',
  -- {"from": minutes, "to": minutes, "zone": text}; JSON null takes the plan's window away.
  time_window jsonb,
  set_by text,
  set_at timestamptz,
  -- What the running backfill says; old when it was killed.
  reasons jsonb not null default '[]',
  workers_now int,
  seen_at timestamptz
);
comment on table hyperferry.pacing is 'Pace of the backfill: hyperferry backfill pause, resume, set.';
`
