/** The one row by which people tell a running backfill its pace, and by which it tells them why it waits. */
import type { Json, PauseLimit, TimeWindow } from '../model.ts'
import type { Session } from '../target/connect.ts'
import type { QuietTimes } from './write-times.ts'

/** What people have said; where they have said nothing the plan holds. */
export interface PaceWord {
  paused: { by: string; at: string; reason: string | null } | null
  workers: number | null
  /** Milliseconds, bytes or counts; null takes a limit of the plan away. */
  pauseWhen: { readonly [L in PauseLimit]?: number | null }
  /** undefined: nothing was said. null: no window, whatever the plan says. */
  window: TimeWindow | null | undefined
  /** undefined: nothing was said. null: however slow the application's writes become. */
  writerSlowdown: number | null | undefined
  /** Who has set workers, limits, window or slowdown last. */
  setBy: string | null
}

/** What a running backfill says of itself. */
export interface PaceSaid {
  reasons: Json
  workers: number
  /** What it sees of the application's writes; null: it spares nobody. */
  spared: Json
}

export const NOTHING_SAID: PaceWord = {
  paused: null,
  workers: null,
  pauseWhen: {},
  window: undefined,
  writerSlowdown: undefined,
  setBy: null,
}

interface Row {
  by: string | null
  at: string | null
  reason: string | null
  workers: number | null
  pauseWhen: PaceWord['pauseWhen']
  /** In brackets, so that JSON null is not SQL's. */
  window: (TimeWindow | null)[] | null
  /** 0: however slow. */
  slowdown: string | null
  setBy: string | null
}

/** The control schema must be up to date. */
export async function readPace(session: Session, migrationId: number): Promise<PaceWord> {
  const { rows } = await session.query<Row>(
    `select paused_by as by, to_char(paused_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, pause_reason as reason, workers,
       pause_when as "pauseWhen", case when time_window is not null then jsonb_build_array(time_window) end as window,
       writer_slowdown::text as slowdown, set_by as "setBy"
     from hyperferry.pacing where migration_id = $1`,
    [migrationId],
  )
  const [row] = rows
  if (row === undefined) return NOTHING_SAID
  const { by, at, reason, workers, pauseWhen, window, slowdown, setBy } = row
  return {
    paused: by === null ? null : { by, at: at ?? '', reason },
    workers,
    pauseWhen,
    window: window === null ? undefined : (window[0] ?? null),
    writerSlowdown: slowdown === null ? undefined : Number(slowdown) || null,
    setBy,
  }
}

/** Whoever paused it first is remembered. */
export async function putPause(
  session: Session,
  migrationId: number,
  { by, reason }: { by: string; reason: string | null },
): Promise<void> {
  await session.query(
    `insert into hyperferry.pacing as p (migration_id, paused_by, paused_at, pause_reason) values ($1, $2, clock_timestamp(), $3)
     on conflict (migration_id) do update set paused_by = excluded.paused_by, paused_at = excluded.paused_at, pause_reason = excluded.pause_reason
     where p.paused_by is null or excluded.pause_reason is not null`,
    [migrationId, by, reason],
  )
  await note(session, migrationId, 'backfill paused', { by, reason })
}

export async function liftPause(session: Session, migrationId: number, by: string): Promise<void> {
  await session.query(
    'update hyperferry.pacing set paused_by = null, paused_at = null, pause_reason = null where migration_id = $1',
    [migrationId],
  )
  await note(session, migrationId, 'backfill resumed', { by })
}

/** What is said of the pace anew; what is not named stays as it is. */
export interface PaceChange {
  workers?: number | null
  pauseWhen?: PaceWord['pauseWhen']
  window?: TimeWindow | null
  /** null: however slow the application's writes become. */
  writerSlowdown?: number | null
}

export async function setPace(
  session: Session,
  migrationId: number,
  change: PaceChange & { by: string },
): Promise<void> {
  const { by, workers, pauseWhen = {}, window, writerSlowdown } = change
  await session.query(
    `insert into hyperferry.pacing as p (migration_id, workers, pause_when, time_window, set_by, writer_slowdown, set_at)
     values ($1, $2, $3, $4, $5, $7, clock_timestamp())
     on conflict (migration_id) do update set pause_when = p.pause_when || excluded.pause_when, set_by = excluded.set_by, set_at = excluded.set_at,
       workers = case when $6 then excluded.workers else p.workers end,
       time_window = coalesce(excluded.time_window, p.time_window),
       writer_slowdown = coalesce(excluded.writer_slowdown, p.writer_slowdown)`,
    [
      migrationId,
      workers ?? null,
      JSON.stringify(pauseWhen),
      window === undefined ? null : JSON.stringify(window),
      by,
      workers !== undefined,
      writerSlowdown === undefined ? null : (writerSlowdown ?? 0),
    ],
  )
  const said = {
    by,
    pauseWhen,
    ...(workers === undefined ? {} : { workers }),
    ...(window === undefined ? {} : { window }),
    ...(writerSlowdown === undefined ? {} : { writerSlowdown }),
  }
  await note(session, migrationId, 'backfill pace set', said as unknown as Json)
}

/** Back to the plan's word; a pause stays. */
export async function forgetPace(session: Session, migrationId: number, by: string): Promise<void> {
  await session.query(
    `update hyperferry.pacing set workers = null, pause_when = '{}', time_window = null, writer_slowdown = null, set_by = null, set_at = null where migration_id = $1`,
    [migrationId],
  )
  await note(session, migrationId, "backfill pace is the plan's", { by })
}

/** A number of workers on the command line is newer than what was set before. */
export async function forgetWorkers(session: Session, migrationId: number): Promise<void> {
  await session.query('update hyperferry.pacing set workers = null where migration_id = $1 and workers is not null', [
    migrationId,
  ])
}

/** The running backfill's own words; null when it ends. `quiet`: how long the application's writes take by themselves, if it knows. */
export async function sayPace(
  session: Session,
  migrationId: number,
  said: (PaceSaid & { quiet: QuietTimes | null }) | null,
): Promise<void> {
  await session.query(
    `insert into hyperferry.pacing as p (migration_id, reasons, workers_now, spared, quiet, worked_at, seen_at)
     values ($1, $2, $3::int, $4, $5, clock_timestamp(), case when $3::int is not null then clock_timestamp() end)
     on conflict (migration_id) do update set reasons = excluded.reasons, workers_now = excluded.workers_now, spared = excluded.spared,
       quiet = case when $3::int is null then p.quiet else excluded.quiet end, worked_at = excluded.worked_at, seen_at = excluded.seen_at`,
    [
      migrationId,
      JSON.stringify(said?.reasons ?? []),
      said?.workers ?? null,
      said?.spared == null ? null : JSON.stringify(said.spared),
      said?.quiet == null ? null : JSON.stringify(said.quiet),
    ],
  )
}

/** What a backfill that runs now has said; null when none does, or when it has been silent for a quarter of a minute. */
export async function heardPace(session: Session, migrationId: number): Promise<PaceSaid | null> {
  const { rows } = await session.query<PaceSaid>(
    `select reasons, workers_now as workers, spared from hyperferry.pacing
     where migration_id = $1 and seen_at > clock_timestamp() - interval '15 seconds'`,
    [migrationId],
  )
  return rows[0] ?? null
}

async function note(session: Session, migrationId: number, kind: string, data: Json): Promise<void> {
  await session.query(`insert into hyperferry.event (migration_id, kind, message, data) values ($1, $2, '', $3)`, [
    migrationId,
    kind,
    JSON.stringify(data),
  ])
}
