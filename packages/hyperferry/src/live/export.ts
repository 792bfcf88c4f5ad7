/** The command `export`: the source alone, unless T is asked for, which only the target knows. */
import { completionPoints } from '../control/completion.ts'
import { startedMigration } from '../control/started.ts'
import { HyperferryError } from '../errors.ts'
import type { Gate, Plan } from '../model.ts'
import { loadPlan } from '../open-migration.ts'
import type { PlanOptions } from '../open-migration.ts'
import { withSource } from '../open-source.ts'
import { exportTables as exportStep } from '../steps/export.ts'
import type { ExportPoint, ExportResult } from '../steps/export.ts'
import { openTarget } from '../target/connect.ts'
import { qualified } from '../target/sql.ts'
import { withSession } from '../target/with-session.ts'
import { noEvents } from '../work/events.ts'
import { remember } from '../work/replace-task.ts'

export interface ExportRequest extends PlanOptions {
  tables: string[]
  /** Folder for the tables' folders. */
  out: string
  /** An instant or a position on the axis; half-open. */
  from?: string
  /** The same, or `T`. */
  to?: string
  gzip?: boolean
  acceptQuarantine?: number
}

export interface ExportDocument extends ExportResult {
  gates: Gate[]
  /** 0, or 4 when rows could not be represented. */
  exitCode: number
}

/** Dumps tables to files. Rows that cannot be represented do not stop it: the gate is looked at afterwards. */
export async function exportTables(options: ExportRequest): Promise<ExportDocument> {
  const loaded = loadPlan(options)
  const points = options.to === 'T' ? await pointsOf(loaded.plan, loaded.targetUrl, options) : new Map<string, never>()
  const result = await withSource(loaded, options, (opened) =>
    exportStep({ ...opened, points }, { ...options, acceptQuarantine: Number.MAX_SAFE_INTEGER }),
  )
  const ok = result.rejected <= (options.acceptQuarantine ?? 0)
  const hint = 'see the .rejected.jsonl files; if they may stay there, go on with --accept-quarantine'
  const reason =
    result.rejected === 0
      ? 'every row could be represented'
      : `${result.rejected} rows could not be represented${ok ? ', accepted' : `: ${hint} ${result.rejected}`}`
  return { ...result, gates: [{ code: 'HF-E020', ok, reason }], exitCode: ok ? 0 : 4 }
}

/** The completion points, and how far late rows have come: before the first row is read, so that what comes later is known to be missing in the files. */
async function pointsOf(plan: Plan, url: string, options: ExportRequest): Promise<Map<string, ExportPoint>> {
  const signal = options.hardSignal ?? new AbortController().signal
  const target = await openTarget(options.target ?? url, { connections: 1, signal })
  try {
    return await withSession(target, async (session) => {
      const { id } = await startedMigration(session, plan.migration)
      const points = await completionPoints(session, id)
      const found = new Map<string, ExportPoint>()
      const run = { events: options.events ?? noEvents, stop: options.hardSignal }
      for (const table of plan.tables) {
        const point = points.get(table.source)
        if (point === undefined) continue
        const work = { table, target: qualified(plan.target.schema, table.name) }
        found.set(table.source, { ...point, lateSince: await remember(run, session, work) })
      }
      if (found.size === 0)
        throw new HyperferryError('HF-T010', { what: `migration "${plan.migration}" has no completion point` })
      return found
    })
  } finally {
    await target.close()
  }
}
