/** Control schema, version 10: a backfill spares the application's writes (docs/design/0014). */

export const version10 = `
alter table hyperferry.pacing
  -- How many times slower the application's writes may be; 0: whatever they are. NULL: as the plan says.
  add column writer_slowdown real check (writer_slowdown >= 0),
  -- How long writes take by themselves, and until when a backfill has worked: one that follows at once finds them slower.
  add column quiet jsonb,
  add column worked_at timestamptz,
  -- What a running backfill sees of them.
  add column spared jsonb;
`
