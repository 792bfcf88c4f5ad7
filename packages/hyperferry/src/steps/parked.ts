/** Records that could not be delivered: shown, delivered after the cause was mended, or given up. */
import { compileContract, compiledFor, decodeRecord, insertRows, targetBatch } from '@hyperferry/dual-write/interpreter'
import type { Contract, Contracts } from '@hyperferry/dual-write/interpreter'
import { hasWriters, requireDualState } from '../control/dual-write.ts'
import { backToOutbox, listParked, noteLate, settleParked, suspectDiscarded } from '../control/parked.ts'
import type { ParkedRecord } from '../control/parked.ts'
import { HyperferryError, messageOf } from '../errors.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'
import { withSession } from '../target/with-session.ts'
import type { StepContext } from './context.ts'

type ParkedContext = Pick<StepContext, 'target' | 'migrationId'>

interface ParkedLine {
  id: string
  direction: ParkedRecord['direction']
  writer: string
  /** Source table. */
  table: string
  rows: number
  sqlstate: string | null
  reason: string
  at: string
  /** Key (without one the time) of its first rows, as the target writes them. */
  keys: Record<string, string | null>[]
  /** All columns of all rows; only when asked for. */
  values?: Record<string, string | null>[]
}

export interface ParkedDocument {
  open: number
  records: ParkedLine[]
}

export interface SettledDocument {
  settled: { id: string; table: string; outcome: 'delivered' | 'back in the outbox' | 'discarded' }[]
  /** Refused again. */
  left: { id: string; table: string; sqlstate: string | null; reason: string }[]
  /** 0, or 4 when something is left. */
  exitCode: 0 | 4
}

const KEYS_SHOWN = 3

/** Open ones, oldest first; changes nothing. Throws HF-W015 for an id that is not open. */
export async function parkedList(
  ctx: ParkedContext,
  options: { ids?: readonly number[]; showValues?: boolean } = {},
): Promise<ParkedDocument> {
  return withSession(ctx.target, async (session) => {
    if (!(await hasWriters(session))) return { open: 0, records: [] }
    const records = await listParked(session, ctx.migrationId, options.ids)
    if (records.length === 0) return { open: 0, records: [] }
    const contracts = await contractsOf(session, ctx.migrationId)
    return { open: records.length, records: records.map((one) => lineOf(one, contracts, options.showValues === true)) }
  })
}

/**
 * Delivers them: those for the target now, each in one transaction with its being settled; those for the source through the outbox. What is refused again
 * stays parked and is told. Throws HF-W015, HF-W010 when the source is not fed in this stage, and what passes by itself (HF-C019 …).
 */
export async function requeue(ctx: ParkedContext, ids: readonly number[] = []): Promise<SettledDocument> {
  return withSession(ctx.target, async (session) => {
    const records = await listParked(session, ctx.migrationId, ids)
    const { stage } = await requireDualState(session, ctx.migrationId)
    const done: SettledDocument = { settled: [], left: [], exitCode: 0 }
    if (records.some(({ direction }) => direction === 'to source') && stage !== 'live') {
      throw new HyperferryError('HF-W010', {
        what: `the stage is ${stage}: the source gets records from the outbox in stage live only`,
        hint: 'Requeue them when the target is primary, or see where the databases differ: hyperferry verify.',
      })
    }
    const contracts = await contractsOf(session, ctx.migrationId)
    for (const record of records) await again(session, ctx.migrationId, { record, contracts, done })
    return { ...done, exitCode: done.left.length > 0 ? 4 : 0 }
  })
}

/** Gives them up: the row stays in one database only, so a suspect window is left that a verify of everything has to close. */
export async function discard(ctx: ParkedContext, ids: readonly number[] = []): Promise<SettledDocument> {
  return withSession(ctx.target, async (session) => {
    const records = await listParked(session, ctx.migrationId, ids)
    const settled: SettledDocument['settled'] = []
    for (const { id, collection } of records) {
      await transaction(session, async () => {
        if (!(await settleParked(session, id, 'discarded'))) return
        await suspectDiscarded(session, id)
        settled.push({ id, table: collection, outcome: 'discarded' })
      })
    }
    return { settled, left: [], exitCode: 0 }
  })
}

interface Again {
  record: ParkedRecord
  contracts: Contracts
  done: SettledDocument
}

async function again(session: Session, migrationId: number, { record: parked, contracts, done }: Again): Promise<void> {
  const { id, collection: table } = parked
  try {
    const settled = await transaction(session, async () => {
      if (!(await settleParked(session, id, 'delivered'))) return false
      if (parked.direction === 'to source') await backToOutbox(session, id)
      else await intoTarget(session, migrationId, { text: parked.record, contracts })
      return true
    })
    if (!settled) return
    done.settled.push({ id, table, outcome: parked.direction === 'to source' ? 'back in the outbox' : 'delivered' })
  } catch (error) {
    // What passes by itself is no answer about the record.
    if (error instanceof HyperferryError && (error.retry === 'transient' || error.code === 'HF-B022')) throw error
    const sqlstate = error instanceof HyperferryError ? error.sqlstate : null
    done.left.push({ id, table, sqlstate, reason: messageOf(error) })
  }
}

async function intoTarget(
  session: Session,
  migrationId: number,
  { text, contracts }: { text: string; contracts: Contracts },
): Promise<void> {
  const record = decodeRecord(text)
  const compiled = compiledFor(contracts.tables, record)
  const query: Parameters<typeof insertRows>[0] = async (sql, params) => {
    const { rows, rowCount } = await session.query<never>(sql, params)
    return { rows, rowCount: rowCount ?? 0 }
  }
  await insertRows(query, targetBatch(compiled, record), 'once')
  await noteLate(session, migrationId, { source: record.collection, instants: compiled.instants(record) })
}

async function contractsOf(session: Session, migrationId: number): Promise<Contracts> {
  const { rows } = await session.query<{ contract: Contract; hash: string }>(
    'select contract, contract_hash as hash from hyperferry.dual_write where migration_id = $1',
    [migrationId],
  )
  const [row] = rows
  if (row === undefined)
    throw new HyperferryError('HF-W014', { what: 'no writer was ever told to write to both databases' })
  return compileContract(row.contract, row.hash, {})
}

function lineOf(parked: ParkedRecord, { tables }: Contracts, showValues: boolean): ParkedLine {
  const { id, direction, writer, collection: table, sqlstate, reason, at } = parked
  const record = decodeRecord(parked.record)
  const compiled = compiledFor(tables, record)
  const { columns, rows } = compiled.toTarget(record)
  const named = rows.map((row) => Object.fromEntries(columns.map((name, place) => [name, row[place] ?? null])))
  const { key, time } = compiled.contract
  const shown = key ?? (time === null ? [] : [time.column])
  const keys = named
    .slice(0, KEYS_SHOWN)
    .map((row) => Object.fromEntries(shown.map((name) => [name, row[name] ?? null])))
  const line = { id, direction, writer, table, rows: rows.length, sqlstate, reason, at, keys }
  return showValues ? { ...line, values: named } : line
}
