/** What each step decided and did: plain JSON, kept in the target. */
import { HyperferryError } from '../errors.ts'
import type { Json } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'

export type StepStatus = 'running' | 'done' | 'failed' | 'interrupted'

export interface StepStart {
  migrationId: number
  step: string
  /** Version of the tool. */
  tool: string
  planHash: string
}

export interface StepRecord {
  id: string
  step: string
  status: StepStatus
  tool: string
  planHash: string
  /** ISO 8601 UTC with microseconds. */
  startedAt: string
  finishedAt: string | null
  output: Json
}

/**
 * Records that a step begins; returns its id. A step of the same name that is still `running` was killed (the lock says nobody runs it now)
 * and becomes `interrupted`.
 */
export async function startStep(session: Session, start: StepStart): Promise<string> {
  const { rows } = await session.query<{ id: string }>(
    `with dead as (
       update hyperferry.step set status = 'interrupted', finished_at = clock_timestamp()
       where migration_id = $1 and step = $2 and status = 'running')
     insert into hyperferry.step (migration_id, step, tool, plan_hash) values ($1, $2, $3, $4) returning id`,
    [start.migrationId, start.step, start.tool, start.planHash],
  )
  const id = rows[0]?.id
  if (id === undefined) throw new HyperferryError('HF-X001', { what: 'the step log gave no id' })
  return id
}

/** Closes a step. `output` is what the next step reads, or the error's facts. Committed synchronously. */
export async function finishStep(
  session: Session,
  id: string,
  status: Exclude<StepStatus, 'running'>,
  output: Json,
): Promise<void> {
  await transaction(session, async () => {
    await session.query('set local synchronous_commit = on')
    await session.query(
      'update hyperferry.step set status = $2, output = $3, finished_at = clock_timestamp() where id = $1',
      [id, status, JSON.stringify(output)],
    )
  })
}

/** All runs of all steps of a migration, oldest first. */
export async function stepHistory(session: Session, migrationId: number): Promise<StepRecord[]> {
  const { rows } = await session.query<StepRecord>(
    `select id::text, step, status, tool, plan_hash as "planHash",
       to_char(started_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "startedAt",
       to_char(finished_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "finishedAt", output
     from hyperferry.step where migration_id = $1 order by hyperferry.step.id`,
    [migrationId],
  )
  return rows
}

/** Output of the newest `done` run of a step; null when it was never done. */
export async function lastOutput(session: Session, migrationId: number, step: string): Promise<Json> {
  const { rows } = await session.query<{ output: Json }>(
    `select output from hyperferry.step where migration_id = $1 and step = $2 and status = 'done' order by id desc limit 1`,
    [migrationId, step],
  )
  return rows[0]?.output ?? null
}
