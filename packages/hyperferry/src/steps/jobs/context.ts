/** What the commands on jobs share: which jobs are theirs, and how one is told of. */
import { HyperferryError } from '../../errors.ts'
import type { Gate } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { inOrder, readActions, readJobs } from '../../target/jobs.ts'
import type { Job, JobKind } from '../../target/jobs.ts'
import type { StepContext } from '../context.ts'

/** The source is not needed: jobs are the target's own. */
export type JobsContext = Pick<StepContext, 'plan' | 'target' | 'events' | 'signal' | 'migrationId'>

interface JobState {
  scheduled: boolean
  /** ISO text in UTC, `infinity`, or null when it has none or runs at this moment. */
  nextStart: string | null
}

export interface JobLine {
  id: number
  kind: JobKind
  name: string
  /** Table of the plan. */
  table: string | null
  /** `schema.name` of the hypertable or aggregate; null for an action. */
  object: string | null
  /** null: it was not there. */
  before: JobState | null
  after: JobState | null
  /**
   * `paused` now · `already paused` by us · `paused before` by somebody else, and stays so · `restored` · `deleted` · `started` by
   * somebody else · `changed` since, and left paused · `scheduled` · `waiting` for restore · `ran` · `action`, not touched.
   */
  outcome:
    | 'paused'
    | 'already paused'
    | 'paused before'
    | 'restored'
    | 'deleted'
    | 'started'
    | 'changed'
    | 'scheduled'
    | 'waiting'
    | 'ran'
    | 'action'
  reason: string | null
}

export interface JobsResult {
  jobs: JobLine[]
  notes: string[]
  gates: Gate[]
  /** 0, or 4 when a gate is closed. */
  exitCode: 0 | 4
}

/** Jobs of the plan's tables and of aggregates over them, and those actions that were named. Throws HF-U001 for an id that is neither. */
export async function jobsOf(session: Session, ctx: JobsContext, named: readonly number[] = []): Promise<Job[]> {
  const { capabilities } = ctx.target
  const tables = ctx.plan.tables.filter((table) => table.kind === 'timeseries').map((table) => table.name)
  const own = await readJobs(session, capabilities, ctx.plan.target.schema, tables)
  const actions = named.length === 0 ? [] : await readActions(session, capabilities)
  const stranger = named.find((id) => ![...own, ...actions].some((job) => job.id === id))
  if (stranger !== undefined) {
    throw new HyperferryError('HF-U001', {
      what: `job ${stranger} is neither a policy of a migrated table nor an action of this role`,
      hint: 'hyperferry jobs status lists them.',
    })
  }
  return [...own, ...actions.filter((job) => named.includes(job.id))].toSorted(inOrder)
}

/** Nothing may be half done because the third job is somebody else's. Throws HF-J001. */
export function mustBeOurs(jobs: readonly Job[]): void {
  const foreign = jobs.filter((job) => !job.mayAlter)
  const [first] = foreign
  if (first === undefined) return
  throw new HyperferryError('HF-J001', {
    what: `${foreign.map((job) => `job ${job.id} (${job.object ?? job.name})`).join(', ')}: owned by ${first.owner}`,
  })
}

/** What is said where there are no jobs. */
export function nothingHere({ target }: Pick<JobsContext, 'target'>): JobsResult {
  return { jobs: [], notes: [`${target.info.version} has no policies: nothing to do.`], gates: [], exitCode: 0 }
}

export function lineOf(job: Job, outcome: JobLine['outcome'], reason: string | null = null): JobLine {
  const { id, kind, name, table, object } = job
  const now = stateOf(job)
  return { id, kind, name, table, object, before: now, after: now, outcome, reason }
}

export function stateOf({ scheduled, nextStart }: Job): JobState {
  return { scheduled, nextStart }
}

export function resultOf(jobs: JobLine[], notes: string[], gates: Gate[]): JobsResult {
  return { jobs, notes, gates, exitCode: gates.every((gate) => gate.ok) ? 0 : 4 }
}
