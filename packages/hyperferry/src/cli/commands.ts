/** All commands, in the order a person meets them. */
import type { CommandSpec } from './command.ts'
import { backfill } from './backfill.ts'
import { check } from './check.ts'
import { copy } from './copy.ts'
import { completionPoint } from './completion-point.ts'
import { cutover, finish, rollback } from './cutover.ts'
import { demo } from './demo.ts'
import { exportCommand } from './export.ts'
import { jobs } from './jobs.ts'
import { journal } from './journal.ts'
import { loadTest } from './load-test.ts'
import { parked } from './parked.ts'
import { plan } from './plan.ts'
import { quarantine } from './quarantine.ts'
import { refresh } from './refresh.ts'
import { relational } from './relational.ts'
import { report } from './report.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'
import { stage } from './stage.ts'
import { status } from './status.ts'
import { verify } from './verify.ts'
import { writers } from './writers.ts'

export const COMMANDS: readonly CommandSpec[] = [
  demo,
  check,
  plan,
  run,
  schema,
  relational,
  writers,
  stage,
  completionPoint,
  backfill,
  copy,
  exportCommand,
  refresh,
  jobs,
  verify,
  loadTest,
  cutover,
  rollback,
  finish,
  status,
  quarantine,
  parked,
  journal,
  report,
]
