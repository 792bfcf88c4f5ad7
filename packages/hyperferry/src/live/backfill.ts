/** What a backfill beside live writers asks for and does to the target, looked at before anything is begun. */
import { CONTROL_VERSION, controlVersion } from '../control/install.ts'
import { storedMigration } from '../control/migration-row.ts'
import { occupied } from '../control/occupied.ts'
import type { CompletionPoint, PlannedTable } from '../model.ts'
import type { Opened } from '../open-migration.ts'
import { previewFiles } from '../preview.ts'
import type { Preview } from '../preview.ts'
import { exportsOf, livePoints } from '../steps/backfill.ts'
import { planDdl } from '../target/ddl.ts'
import { qualified } from '../target/sql.ts'
import { withSession } from '../target/with-session.ts'
import { instantLiteral } from '../values/axis-instant.ts'

/** Points by source table, null while nobody writes to both databases. Throws what the step would throw later: HF-W010, HF-T010, HF-T011, HF-G014. Only reads. */
export async function pointsBeforehand(
  { plan, target }: Pick<Opened, 'plan' | 'target'>,
  tables: readonly PlannedTable[],
): Promise<ReadonlyMap<string, CompletionPoint> | null> {
  const stored = await withSession(target, async (session) =>
    // An older schema knows of no writers; the command brings it up to date afterwards.
    (await controlVersion(session)) === CONTROL_VERSION ? storedMigration(session, plan.migration) : null,
  )
  return stored === null ? null : livePoints({ plan, target, migrationId: stored.id }, tables)
}

/** The preview of an offline copy, with what is different now: where it ends, and what it deletes. */
export function besideWriters(
  preview: Preview,
  { plan }: Pick<Opened, 'plan'>,
  { tables, points }: { tables: readonly PlannedTable[]; points: ReadonlyMap<string, CompletionPoint> | null },
): Preview {
  if (points === null) return preview
  const parts = tables.flatMap((table) => {
    const point = points.get(table.source)
    return point === undefined ? [] : [{ table, point }]
  })
  return {
    title: preview.title.replace(/:$/, ', while the application writes:'),
    lines: [
      ...parts
        .filter(({ table }) => table.mode === 'replace')
        .map(
          ({ table, point }) =>
            `DELETES rows of ${table.name} older than ${point.t} and copies them again, range by range`,
        ),
      ...preview.lines,
      ...parts.map(
        ({ table, point }) =>
          `${table.name}   rows older than ${point.t} (${point.grade}); newer ones are the writers'`,
      ),
    ],
    sql: [
      ...parts
        .filter(({ table }) => table.mode === 'replace')
        .map(({ table, point }) => {
          const { instant, beyondInstant } = point
          const column = `"${table.time?.column ?? ''}"`
          return `delete from ${qualified(plan.target.schema, table.name)} where ${column} < ${instantLiteral(table, instant)} or ${column} >= ${instantLiteral(table, beyondInstant)};`
        }),
      ...preview.sql,
    ],
  }
}

/** What loading exported files is about to do. Throws as `exportsOf`, HF-S011, and what `pointsBeforehand` throws. */
export async function filesPreview(
  opened: Opened,
  { fromCsv, tables: names }: { fromCsv: string; tables?: string[] },
): Promise<Preview> {
  const { plan, target } = opened
  const exports = await exportsOf(opened, fromCsv, names)
  const tables = plan.tables.filter((table) => exports.has(table.source))
  const points = await pointsBeforehand(
    opened,
    tables.filter(({ kind }) => kind === 'timeseries'),
  )
  const emptied = points === null ? await withSession(target, (session) => occupied(session, plan, tables)) : []
  const later = planDdl(plan, target.capabilities).filter((one) => one.phase === 'post')
  return besideWriters(previewFiles(plan, tables, { later, emptied, files: exports }), opened, { tables, points })
}
