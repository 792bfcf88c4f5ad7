/** Relational tables brought up to date (docs/design/0009): from one snapshot of the source, in one transaction of the target, by key; and compared. */
import { completeReceipt, insertReceipt, registerTables, totals } from '../control/ledger.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import { MAIN_LANE } from '../model.ts'
import type { Plan, PlannedTable } from '../model.ts'
import type { Source } from '../source/source.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'
import { Digest } from '../values/digest.ts'
import { withSession } from './attempts.ts'
import type { CopyRun } from './attempts.ts'
import { keeper } from './copy-task.ts'
import { digestWithout, stageRows } from './careful.ts'
import { mergeTables } from './final-copy-merge.ts'
import type { Changes } from './final-copy-merge.ts'
import { readSlice } from './read-slice.ts'
import type { SliceRows } from './read-slice.ts'
import { tableWork } from './table-work.ts'
import type { TableWork } from './table-work.ts'
import { digestOfTarget } from './target-digest.ts'
import { putQuarantine } from '../control/quarantine.ts'
import { liveTaskSettings } from './task-settings.ts'

/** In the form of verify's result: the tables were compared, by the digest of the source's snapshot and of the target's rows. */
export interface FinalCopy {
  level: 'digest'
  tables: { name: string; source: string; equal: true; partial: false; digest: string; changes: Changes | null }[]
}

interface Load {
  work: TableWork
  read: SliceRows
}

/**
 * Tables whose rows are still those on the books are not touched. Throws HF-K013 when a table of `sync: frozen` has changed in the source, HF-K014 when
 * the others cannot be made equal. Safe to call again.
 */
export async function finalCopy(
  run: CopyRun,
  ctx: { plan: Plan; source: Source; migrationId: number },
): Promise<FinalCopy> {
  const tables = ctx.plan.tables.filter(({ kind }) => kind === 'relational')
  const ids = await withSession(run, '', (session) => registerTables(session, ctx.migrationId, ctx.plan.tables))
  const loads = await readAll(run, ctx, tables, ids)
  try {
    return await withSession(run, '', (session) => bringUp(session, ctx.plan, loads))
  } finally {
    for (const { read } of loads) await read.spool.dispose()
  }
}

// eslint-disable-next-line max-params -- as copy-together.ts
async function readAll(
  run: CopyRun,
  { plan, source }: { plan: Plan; source: Source },
  tables: readonly PlannedTable[],
  ids: ReadonlyMap<string, number>,
): Promise<Load[]> {
  const loads: Load[] = []
  if (tables.length === 0) return loads
  try {
    await source.snapshot(async (view) => {
      for (const table of tables) {
        const work = tableWork(plan.target.schema, table, ids.get(table.source) ?? 0, view.reader(table))
        loads.push({ work, read: await readSlice(work, { kind: 'all' }, run.budget, run.stop) })
      }
    })
    return loads
  } catch (error) {
    for (const { read } of loads) await read.spool.dispose()
    throw error
  }
}

async function bringUp(session: Session, plan: Plan, loads: readonly Load[]): Promise<FinalCopy> {
  return transaction(session, async () => {
    await session.query(liveTaskSettings)
    const changed: Load[] = []
    const lines: FinalCopy['tables'] = []
    for (const load of loads) {
      const { table, tableId } = load.work
      const books = await totals(session, tableId)
      // Rows in quarantine are in the source's digest of neither time.
      if (books.quarantined === BigInt(load.read.spool.rejected) && load.read.digest.equals(books.digest)) {
        lines.push({
          name: table.name,
          source: table.source,
          equal: true,
          partial: false,
          digest: books.digest,
          changes: null,
        })
      } else if (table.sync === 'frozen') {
        throw new HyperferryError('HF-K013', {
          what: `${table.source} is frozen by the plan, and has changed in the source`,
        })
      } else changed.push(load)
    }
    failpoint('finalcopy.mid')
    return { level: 'digest', tables: [...lines, ...(await merge(session, plan, changed))] }
  })
}

async function merge(session: Session, plan: Plan, loads: readonly Load[]): Promise<FinalCopy['tables']> {
  if (loads.length === 0) return []
  const staged = []
  for (const load of loads) {
    const { work, read } = load
    await session.query('delete from hyperferry.quarantine_row where table_id = $1', [work.tableId])
    await session.query('delete from hyperferry.receipt where table_id = $1', [work.tableId])
    const id = await insertReceipt(session, work.tableId, { lane: MAIN_LANE, span: { from: null, to: null } })
    if (work.table.split !== 'all') await emptyResidual(session, work)
    const { job, total } = await stageRows(session, work, read, keeper(session, work, id))
    staged.push({ ...load, id, job, total })
  }
  const changes = await mergeTables(session, staged)
  const lines: FinalCopy['tables'] = []
  for (const [index, { work, read, id, job, total }] of staged.entries()) {
    const digest = await digestWithout(work, read, job.refused)
    const held = await digestOfTarget(session, plan.target.schema, work.table)
    if (!held.equals(digest)) {
      throw new HyperferryError('HF-K014', {
        what: `${work.table.name} does not hold what the source holds after the final copy`,
      })
    }
    await completeReceipt(session, id, {
      lane: MAIN_LANE,
      span: { from: null, to: null },
      rows: total - job.refused.size,
      quarantined: read.spool.rejected + job.refused.size,
      digest,
      losses: read.spool.losses,
      bytes: read.spool.bytes,
    })
    for await (const rows of read.spool.rejectedRows()) await putQuarantine(session, work.tableId, id, rows)
    await job.stage.drop()
    const { name, source } = work.table
    lines.push({ name, source, equal: true, partial: false, digest, changes: changes[index] ?? null })
  }
  return lines
}

/** A table that can be split has a second lane; all of its rows are in the first here. */
async function emptyResidual(session: Session, { tableId }: TableWork): Promise<void> {
  const id = await insertReceipt(session, tableId, { lane: 1, span: { from: null, to: null } })
  await completeReceipt(session, id, {
    lane: 1,
    span: { from: null, to: null },
    rows: 0,
    quarantined: 0,
    digest: new Digest().toString(),
    losses: [],
    bytes: 0,
  })
}
