/** Step: what must hold before anything starts. Reads only. */
import type { Check, Plan } from '../model.ts'
import type { Source } from '../source/source.ts'
import { targetChecks } from '../target/checks.ts'
import type { Target } from '../target/connect.ts'

export interface CheckInput {
  source: Source
  target: Target
  /** With a plan the connections and the room it needs are checked too. */
  plan: Plan | null
  /** Schema and owner of the tables when there is no plan. Default `public`, and the role of the URL. */
  schema?: string
  owner?: string | null
}

export interface CheckResult {
  /** No check of severity `error` failed. */
  ok: boolean
  checks: Check[]
}

/** Connections beyond the workers': one that asks, one that holds the lock. */
const SPARE_CONNECTIONS = 2

/** All checks of source, target and what lies between. A failed check is an answer, not an error. */
export async function check(input: CheckInput): Promise<CheckResult> {
  const { source, target, plan } = input
  const place = {
    schema: plan?.target.schema ?? input.schema ?? 'public',
    owner: plan?.target.owner ?? input.owner ?? null,
  }
  const checks = [
    ...(await source.checks()),
    ...(await targetChecks(target, place)),
    ...(plan === null ? [] : [connections(plan, target), room(plan)]),
  ]
  return { ok: checks.every(({ ok, severity }) => ok || severity !== 'error'), checks }
}

/** The backfill must not take the application's last connection. */
function connections(plan: Plan, target: Target): Check {
  const needed = plan.backfill.workers + SPARE_CONNECTIONS
  const free = target.info.freeConnections
  const ok = free === null || needed <= free
  return {
    code: 'HF-C010',
    ok,
    severity: ok ? 'info' : 'error',
    message: `${needed} connections needed (${plan.backfill.workers} workers and ${SPARE_CONNECTIONS}), ${free ?? 'an unknown number'} free on the target`,
    hint: ok
      ? null
      : `Set backfill.workers to ${Math.max(1, (free ?? 0) - SPARE_CONNECTIONS)} or less, or raise max_connections.`,
  }
}

/** PostgreSQL does not tell how much disk is left; a person can compare. */
function room(plan: Plan): Check {
  const bytes = plan.tables.reduce((sum, { estimatedBytes }) => sum + (estimatedBytes ?? 0), 0)
  return {
    code: 'HF-S014',
    ok: true,
    severity: 'info',
    message: `about ${(bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 0)} GB will be needed on the target, and as much again for its log while copying`,
    hint: 'Compare with the free space of the data directory: SQL cannot see it.',
  }
}
