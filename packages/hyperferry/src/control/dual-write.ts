/** The one row that says who is primary. Only the tool writes it, and only here. */
import { HyperferryError } from '../errors.ts'
import type { DualState, Json, Stage } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { controlVersion } from './install.ts'

const COLUMNS = `stage, epoch, primary_store as "primary", phase, hold_id as "holdId", barrier::int8::text as barrier,
  contract_hash as "contractHash", to_char(stage_since, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "stageSince"`

/** null before `stage` was ever called: the migration is an offline one so far. The control schema must be up to date. */
export async function dualState(session: Session, migrationId: number): Promise<DualState | null> {
  const { rows } = await session.query<Omit<DualState, 'barrier'> & { barrier: string }>(
    `select ${COLUMNS} from hyperferry.dual_write where migration_id = $1`,
    [migrationId],
  )
  const [row] = rows
  return row === undefined ? null : { ...row, barrier: Number(row.barrier) }
}

/** Whether the control schema knows of writers; commands that only read leave an older one as it is. */
export async function hasWriters(session: Session): Promise<boolean> {
  return ((await controlVersion(session)) ?? 0) >= 3
}

/** Whether writers write to both stores or to the target alone: everything the offline line takes for granted does not hold then. */
export function isLive(state: DualState | null): boolean {
  return state !== null && state.stage !== 'off'
}

/** The same, which must be there. Throws HF-W014. */
export async function requireDualState(session: Session, migrationId: number): Promise<DualState> {
  const state = await dualState(session, migrationId)
  if (state !== null) return state
  throw new HyperferryError('HF-W014', { what: 'no writer was ever told to write to both databases' })
}

/** Creates the row in stage off, or gives it a new contract. */
export async function putContract(session: Session, migrationId: number, contract: Json, hash: string): Promise<void> {
  await session.query(
    `insert into hyperferry.dual_write (migration_id, contract, contract_hash) values ($1, $2, $3)
     on conflict (migration_id) do update set contract = excluded.contract, contract_hash = excluded.contract_hash,
       changed_at = clock_timestamp() where dual_write.contract_hash <> excluded.contract_hash`,
    [migrationId, JSON.stringify(contract), hash],
  )
}

/** Moves the stage without a change of roles (off ↔ dualwrite, live → complete). False when it was not in `from`, or a change of roles is under way. */
export async function moveStage(session: Session, migrationId: number, from: Stage, to: Stage): Promise<boolean> {
  const { rowCount } = await session.query(
    `update hyperferry.dual_write set stage = $3, epoch = epoch + 1, stage_since = clock_timestamp(), changed_at = clock_timestamp(),
       primary_store = case when $3 in ('live', 'complete') then 'target' else 'source' end
     where migration_id = $1 and stage = $2 and phase = 'open'`,
    [migrationId, from, to],
  )
  return rowCount === 1
}

/** Announces a change of roles; the hold ends by itself at `seconds` from now. False when another change is under way. */
export async function beginHold(
  session: Session,
  migrationId: number,
  hold: { id: string; phase: 'prepare' | 'hold'; seconds: number },
): Promise<boolean> {
  const { rowCount } = await session.query(
    `update hyperferry.dual_write set phase = $3, hold_id = $2, hold_expires_at = clock_timestamp() + make_interval(secs => $4),
       changed_at = clock_timestamp()
     where migration_id = $1 and (phase = 'open' or hold_id = $2)`,
    [migrationId, hold.id, hold.phase, hold.seconds],
  )
  return rowCount === 1
}

/** Ends a hold without a change of roles; the epoch goes up all the same. False when it is not there any more. */
export async function abortHold(session: Session, migrationId: number, id: string): Promise<boolean> {
  const { rowCount } = await session.query(
    `update hyperferry.dual_write set phase = 'open', hold_id = null, hold_expires_at = null, epoch = epoch + 1,
       changed_at = clock_timestamp()
     where migration_id = $1 and hold_id = $2`,
    [migrationId, id],
  )
  return rowCount === 1
}

/** The linearization point: roles change in the transaction that is open, if the hold is still on. Returns the new epoch, null when it is not. */
export async function commitRoles(
  session: Session,
  migrationId: number,
  to: { holdId: string; stage: 'live' | 'dualwrite' },
): Promise<number | null> {
  const { rows } = await session.query<{ epoch: number }>(
    `update hyperferry.dual_write set stage = $3, primary_store = case $3 when 'live' then 'target' else 'source' end, epoch = epoch + 1,
       phase = 'open', hold_id = null, hold_expires_at = null, stage_since = clock_timestamp(), changed_at = clock_timestamp()
     where migration_id = $1 and hold_id = $2 and phase = 'hold' and hold_expires_at > clock_timestamp() returning epoch`,
    [migrationId, to.holdId, to.stage],
  )
  return rows[0]?.epoch ?? null
}
