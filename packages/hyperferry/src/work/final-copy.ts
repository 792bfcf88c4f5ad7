/** Relational tables brought up to date (docs/design/0009): from one snapshot of the source, in one transaction of the target, by key; and compared. */
import { decisionsOf } from '../control/decisions.ts'
import { completeReceipt, insertReceipt, registerTables, totals } from '../control/ledger.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import { MAIN_LANE, RESIDUAL_LANE } from '../model.ts'
import type { Plan, PlannedTable } from '../model.ts'
import type { Source } from '../source/source.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'
import { Digest } from '../values/digest.ts'
import { withSession } from './attempts.ts'
import type { CopyRun } from './attempts.ts'
import { keeper } from './copy-task.ts'
import { digestWithout, refuseRepeatedKeys, stageRows } from './careful.ts'
import { decidedReader } from './decided.ts'
import { mergeTables } from './final-copy-merge.ts'
import type { Changes } from './final-copy-merge.ts'
import { readSlice } from './read-slice.ts'
import type { SliceRows } from './read-slice.ts'
import type { StagedTable } from './staged-table.ts'
import { tableWork } from './table-work.ts'
import type { TableWork } from './table-work.ts'
import { digestOfTarget } from './target-digest.ts'
import { putQuarantine } from '../control/quarantine.ts'
import { liveTaskSettings } from './task-settings.ts'

/** Every table was compared: `digest` is that of the source's snapshot without the rows in quarantine, and of the target's rows. */
export interface FinalCopy {
  tables: CopiedTable[]
}

interface CopiedTable {
  /** Name in the target. */
  name: string
  source: string
  digest: string
  quarantined: number
  /** null: it was equal already. */
  changes: Changes | null
}

interface Load {
  work: TableWork
  read: SliceRows
}

/**
 * Tables that are equal are not touched. Throws HF-K013 when a table of `sync: frozen` differs, HF-K014 when the others cannot be made equal; nothing
 * was changed then. Safe to call again.
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
        const decisions = await withSession(run, table.name, (session) => decisionsOf(session, work.tableId))
        const decided = { ...work, reader: decidedReader(work.reader, work.normaliser, decisions) }
        loads.push({ work, read: await readSlice(decided, { kind: 'all' }, run.budget, run.stop) })
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
    const lines: CopiedTable[] = []
    for (const load of loads) {
      const line = await equalAlready(session, plan, load)
      if (line === null) changed.push(load)
      else lines.push(line)
    }
    return { tables: [...lines, ...(await merge(session, plan, changed))] }
  })
}

/** The rows of the target are looked at, not only the books: somebody may have changed them. */
async function equalAlready(session: Session, plan: Plan, { work, read }: Load): Promise<CopiedTable | null> {
  const { table, tableId } = work
  const books = await totals(session, tableId)
  const held = await digestOfTarget(session, plan.target.schema, table)
  const quarantined = read.spool.rejected + read.spool.discarded
  const booked = books.digest === held.toString() && books.quarantined === BigInt(quarantined)
  if (read.digest.equals(held) && booked) {
    return { name: table.name, source: table.source, digest: books.digest, quarantined, changes: null }
  }
  if (table.sync !== 'frozen') return null
  throw new HyperferryError('HF-K013', {
    what: `${table.source} is frozen by the plan, and source and target differ`,
    hint: 'Set `sync: final-copy` for it in the plan.',
  })
}

async function merge(session: Session, plan: Plan, loads: readonly Load[]): Promise<CopiedTable[]> {
  if (loads.length === 0) return []
  // Nobody else changes them until they were compared; those who only refer to their rows go on.
  await session.query(`lock table ${loads.map(({ work }) => work.target).join(', ')} in share row exclusive mode`)
  const staged: Booked[] = []
  for (const load of loads) staged.push(await book(session, load))
  const changes = await mergeTables(session, staged)
  failpoint('finalcopy.mid')
  const lines: CopiedTable[] = []
  for (const [index, one] of staged.entries()) {
    lines.push({ ...(await closeOne(session, plan, one)), changes: changes[index] ?? null })
  }
  return lines
}

interface Booked extends Load, StagedTable {
  /** Of the receipt. */
  id: bigint
}

/** The receipt begins anew, and the rows go to a stage. What a person has settled in quarantine stays settled. */
async function book(session: Session, load: Load): Promise<Booked> {
  const { work, read } = load
  await session.query(`delete from hyperferry.quarantine_row where table_id = $1 and status = 'open'`, [work.tableId])
  const again = await session.query<{ id: string }>(
    `update hyperferry.receipt set completed = false, started_at = clock_timestamp(), finished_at = null
     where table_id = $1 and lane = $2 and lower_inf(span) and upper_inf(span) returning id::text`,
    [work.tableId, MAIN_LANE],
  )
  const id = again.rows[0] === undefined ? await firstReceipt(session, work) : BigInt(again.rows[0].id)
  const { job, total } = await stageRows(session, work, read, keeper(session, work, id))
  await refuseRepeatedKeys(job)
  return { ...load, id, job, total }
}

/** Counts as equal only what the server gives back. */
async function closeOne(session: Session, plan: Plan, one: Booked): Promise<Omit<CopiedTable, 'changes'>> {
  const { work, read, id, job, total } = one
  const digest = await digestWithout(work, read, job.refused)
  const held = await digestOfTarget(session, plan.target.schema, work.table)
  if (!held.equals(digest)) {
    throw new HyperferryError('HF-K014', {
      what: `${work.table.name} does not hold what the source holds after the final copy`,
      hint: 'A trigger or a rule of the target changes its rows: disable it, and try again.',
    })
  }
  const quarantined = read.spool.rejected + read.spool.discarded + job.refused.size
  await completeReceipt(session, id, {
    ...WHOLE,
    rows: total - job.refused.size,
    quarantined,
    digest,
    losses: read.spool.losses,
    bytes: read.spool.bytes,
  })
  for await (const rows of read.spool.rejectedRows()) await putQuarantine(session, work.tableId, id, rows)
  await job.stage.drop()
  return { name: work.table.name, source: work.table.source, digest, quarantined }
}

const WHOLE = { lane: MAIN_LANE, span: { from: null, to: null } } as const

/** Of a table that was never copied. One that can be split has a second lane; all of its rows are in the first here. */
async function firstReceipt(session: Session, { table, tableId }: TableWork): Promise<bigint> {
  if (table.split !== 'all') {
    const residual = { ...WHOLE, lane: RESIDUAL_LANE } as const
    const id = await insertReceipt(session, tableId, residual)
    const nothing = { rows: 0, quarantined: 0, digest: new Digest().toString(), losses: [], bytes: 0 }
    await completeReceipt(session, id, { ...residual, ...nothing })
  }
  return insertReceipt(session, tableId, WHOLE)
}
