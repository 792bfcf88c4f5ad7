/** Looks at a migration from its books in the target: status, quarantine, report. Changes nothing. */
import { countOpen, listQuarantine } from './control/quarantine.ts'
import { startedMigration } from './control/started.ts'
import { HyperferryError } from './errors.ts'
import type { Plan } from './model.ts'
import type { PlanOptions } from './open-migration.ts'
import { writeReport } from './report/report.ts'
import { status as statusStep } from './steps/status.ts'
import type { StatusDocument } from './steps/status.ts'
import { onTarget } from './target-only.ts'
import { withSession } from './target/with-session.ts'
import { VERSION } from './version.ts'

/** Where the migration stands; works while another hyperferry runs, and before anything was started. */
export async function status(options: PlanOptions): Promise<StatusDocument> {
  return onTarget(options, ({ target, plan }) => statusStep({ target, plan }))
}

export interface QuarantineDocument {
  /** Rows in quarantine in all. */
  open: number
  rows: {
    table: string
    code: string
    column: string | null
    reason: string
    sqlstate: string | null
    key: Record<string, string | null>
    /** Only when asked for. */
    values?: Record<string, string | null>
  }[]
}

/** Rows in quarantine, oldest first; values only with `showValues`. Default limit 100. */
export async function quarantineList(
  options: PlanOptions & { tables?: string[]; limit?: number; showValues?: boolean },
): Promise<QuarantineDocument> {
  return onTarget(options, ({ target, plan }) =>
    withSession(target, async (session) => {
      const { id: migrationId } = await startedMigration(session, plan.migration)
      const limit = options.limit ?? 100
      const wanted = options.tables?.map((name) => sourceName(plan, name)) ?? [undefined]
      const rows = []
      for (const table of wanted) {
        const listed = await listQuarantine(session, migrationId, {
          limit: limit - rows.length,
          ...(table === undefined ? {} : { table }),
        })
        rows.push(...listed)
      }
      const open = await countOpen(session, migrationId)
      return {
        open: open.reduce((sum, one) => sum + Number(one.count), 0),
        rows: rows.map(({ table, code, column, reason, sqlstate, key, values }) => ({
          table,
          code,
          column,
          reason,
          sqlstate,
          key,
          ...(options.showValues === true ? { values } : {}),
        })),
      }
    }),
  )
}

/** Writes the evidence to a file whose extension decides the form. */
export async function report(options: PlanOptions & { out: string }): Promise<{ file: string }> {
  return onTarget(options, async ({ target, plan }) => {
    await writeReport({ target, plan, tool: VERSION, out: options.out })
    return { file: options.out }
  })
}

function sourceName(plan: Plan, name: string): string {
  const table = plan.tables.find((one) => one.name === name || one.source === name)
  if (table) return table.source
  throw new HyperferryError('HF-U001', {
    what: `no table "${name}" in the plan`,
    hint: 'Name a table of the plan file.',
  })
}
