/** All commands, in the order a person meets them. */
import type { CommandSpec } from './command.ts'
import { backfill } from './backfill.ts'
import { check } from './check.ts'
import { demo } from './demo.ts'
import { jobs } from './jobs.ts'
import { plan } from './plan.ts'
import { quarantine } from './quarantine.ts'
import { refresh } from './refresh.ts'
import { relational } from './relational.ts'
import { report } from './report.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'
import { status } from './status.ts'
import { verify } from './verify.ts'

export const COMMANDS: readonly CommandSpec[] = [
  demo,
  check,
  plan,
  run,
  schema,
  relational,
  backfill,
  refresh,
  jobs,
  verify,
  status,
  quarantine,
  report,
]
