/** Looks at a migration from its books in the target: status, report. Changes nothing. */
import type { PlanOptions } from './open-migration.ts'
import { writeReport } from './report/report.ts'
import { status as statusStep } from './steps/status.ts'
import type { StatusDocument } from './steps/status.ts'
import { onTarget } from './target-only.ts'
import { VERSION } from './version.ts'

/** Where the migration stands; works while another hyperferry runs, and before anything was started. */
export async function status(options: PlanOptions): Promise<StatusDocument> {
  return onTarget(options, ({ target, plan }) => statusStep({ target, plan }))
}

/** Writes the evidence to a file whose extension decides the form. */
export async function report(options: PlanOptions & { out: string }): Promise<{ file: string }> {
  return onTarget(options, async ({ target, plan }) => {
    await writeReport({ target, plan, tool: VERSION, out: options.out })
    return { file: options.out }
  })
}
