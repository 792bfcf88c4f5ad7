/** Where the migration stands, from the books in the target alone; needs neither the source nor the lock. */
import { CONTROL_VERSION, controlVersion } from '../control/install.ts'
import { waitingGate } from '../control/jobs.ts'
import type { Gate, Plan, Side, Stage, TableKind, WriterInfo } from '../model.ts'
import { readBooks } from '../report/books.ts'
import type { Books, TableBooks } from '../report/books.ts'
import { readPaceDocument } from '../report/pace.ts'
import type { PaceDocument } from '../report/pace.ts'
import type { VerdictState } from '../report/verdict.ts'
import type { Session, Target } from '../target/connect.ts'
import { liveStatus, OFFLINE } from './status/live.ts'
import type { LiveStatus } from './status/live.ts'

export interface StatusDocument {
  migration: string
  /** Whether any mutating step was begun in this target. */
  started: boolean
  /** `off`: the application writes to the source only. */
  stage: Stage
  epoch: number
  primary: Side
  /** The step at work, else the last one; null before the first. */
  step: string | null
  stepStatus: 'running' | 'done' | 'failed' | 'interrupted' | null
  tables: StatusTable[]
  writers: WriterInfo[]
  /** Pace of the backfill; null before anything was started. */
  pace: PaceDocument | null
  gates: Gate[]
}

interface StatusTable {
  /** Name in the target. */
  name: string
  source: string
  kind: TableKind
  rows: number
  estimatedRows: number
  /** 0–100 of the estimate; 100 only when nothing is left. */
  percent: number
  quarantined: number
  /** What verify said, and whether it still holds. */
  verified: VerdictState
  /** In one word. */
  status: 'waiting' | 'copying' | 'copied' | 'verified' | 'different'
}

/** Works while another hyperferry runs, and before anything was started. Throws HF-B013 for a newer control schema. */
export async function status({ target, plan }: { target: Target; plan: Plan }): Promise<StatusDocument> {
  const session = await target.session()
  try {
    await session.query('begin isolation level repeatable read read only')
    const books = await readBooks(session, plan.migration)
    const waiting = books === null ? null : await waitingGate(session, books.migration.id)
    const live = books === null ? OFFLINE : await liveStatus(session, books.migration.id, plan)
    const pace = books === null ? null : await paceIfKnown(session, books.migration.id, plan)
    await session.query('commit')
    if (books === null) return notStarted(plan)
    const document = { ...standing(plan, books, live), pace }
    return waiting === null ? document : { ...document, gates: [...document.gates, waiting] }
  } finally {
    await session.release()
  }
}

function notStarted(plan: Plan): StatusDocument {
  return {
    migration: plan.migration,
    started: false,
    stage: OFFLINE.stage,
    epoch: OFFLINE.epoch,
    primary: OFFLINE.primary,
    step: null,
    stepStatus: null,
    tables: plan.tables.map((table) => ({
      name: table.name,
      source: table.source,
      kind: table.kind,
      rows: 0,
      estimatedRows: table.estimatedRows,
      percent: 0,
      quarantined: 0,
      verified: 'never',
      status: 'waiting',
    })),
    writers: [],
    pace: null,
    gates: [{ code: 'HF-B014', ok: false, reason: 'nothing was started in this target: run `hyperferry schema`' }],
  }
}

/** An older control schema knows of no pace, and is left as it is. */
async function paceIfKnown(session: Session, migrationId: number, plan: Plan): Promise<PaceDocument | null> {
  return (await controlVersion(session)) === CONTROL_VERSION ? readPaceDocument(session, migrationId, plan) : null
}

function standing(plan: Plan, books: Books, live: LiveStatus): Omit<StatusDocument, 'pace'> {
  const current = books.steps.findLast((each) => each.status === 'running') ?? books.steps.at(-1)
  const registered = new Map(books.tables.map((table) => [table.source, table]))
  const unregistered = notStarted(plan).tables
  return {
    migration: plan.migration,
    started: true,
    stage: live.stage,
    epoch: live.epoch,
    primary: live.primary,
    step: current?.step ?? null,
    stepStatus: current?.status ?? null,
    tables: unregistered.map((table) => {
      const known = registered.get(table.source)
      return known === undefined ? table : tableStatus(known, openRows(books, known.name))
    }),
    writers: live.writers,
    gates: [...gatesOf(plan, books), ...live.gates],
  }
}

function openRows(books: Books, table: string): number {
  return books.quarantine.reduce((rows, each) => rows + (each.table === table ? each.rows : 0), 0)
}

function tableStatus(table: TableBooks, quarantined: number): StatusTable {
  const rows = Number(table.rows)
  const share = table.estimatedRows > 0 ? Math.floor((rows / table.estimatedRows) * 100) : 0
  return {
    name: table.name,
    source: table.source,
    kind: table.kind,
    rows,
    estimatedRows: table.estimatedRows,
    percent: table.complete ? 100 : Math.min(99, share),
    quarantined,
    verified: table.verdict.state,
    status: wordFor(table),
  }
}

function wordFor({ complete, receipts, verdict }: TableBooks): StatusTable['status'] {
  if (!complete) return receipts > 0 ? 'copying' : 'waiting'
  if (verdict.state === 'equal') return 'verified'
  return verdict.state === 'different' ? 'different' : 'copied'
}

/** What stands between now and a finished migration, each with its answer. */
function gatesOf(plan: Plan, books: Books): Gate[] {
  const names = plan.tables.map((table) => table.source)
  const tables = names.map((name) => books.tables.find((each) => each.source === name))
  const left = names.filter((_, index) => tables[index]?.complete !== true)
  const unproven = names.filter((_, index) => tables[index]?.verdict.state !== 'equal')
  const open = books.quarantine.reduce((rows, each) => rows + each.rows, 0)
  return [
    {
      code: 'HF-V003',
      ok: left.length === 0,
      reason: left.length === 0 ? 'all tables are copied' : `left to copy: ${some(left)}`,
    },
    {
      code: 'HF-B012',
      ok: open <= books.accepted,
      reason:
        open === 0
          ? 'no rows in quarantine'
          : `${open} rows in quarantine${open <= books.accepted ? ', accepted' : ': hyperferry quarantine list'}`,
    },
    {
      code: 'HF-V001',
      ok: unproven.length === 0,
      reason: unproven.length === 0 ? 'all tables are proven equal' : `not proven equal: ${some(unproven)}`,
    },
  ]
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}
