/** The ledger: receipts of finished work, left in the transaction of the data. See docs/design/0001. */
import { createHash } from 'node:crypto'
import { HyperferryError } from '../errors.ts'
import type { Lane, Loss, PlannedTable, Receipt } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'
import { Digest } from '../values/digest.ts'
import { NORMALISER_VERSION } from '../values/normalise.ts'
import { refuseTablesOfOthers } from './owned-elsewhere.ts'
import { spanText } from './spans.ts'

export { isFinished } from './spans.ts'
export { totals } from './totals.ts'
export type { Totals } from './totals.ts'

const EMPTY_DIGEST = new Digest().toString()

/**
 * Gives every table of the plan its number in the ledger; numbers given before stay. Throws HF-P020 when a table is registered with
 * other columns, split or target than now, HF-B023 when another migration fills it. Keys of the map are source names.
 */
export async function registerTables(
  session: Session,
  migrationId: number,
  tables: readonly PlannedTable[],
): Promise<Map<string, number>> {
  return transaction(session, async () => {
    // Two migrations that begin at the same time: the second sees what the first has registered.
    await session.query('lock table hyperferry.migrated_table in share row exclusive mode')
    await refuseTablesOfOthers(session, migrationId, {
      schema: await schemaOf(session, migrationId),
      names: tables.map(({ name }) => name),
    })
    for (const table of tables) {
      await session.query(
        `insert into hyperferry.migrated_table
           (migration_id, source, target_schema, target, kind, split, axis, columns_hash, estimated_rows)
         select m.id, $2, m.plan -> 'target' ->> 'schema', $3, $4, $5, $6, $7, $8 from hyperferry.migration m where m.id = $1
         on conflict (migration_id, source) do nothing`,
        [
          migrationId,
          table.source,
          table.name,
          table.kind,
          table.split,
          table.axis,
          columnsHash(table),
          Math.max(0, Math.round(table.estimatedRows) || 0),
        ],
      )
    }
    const { rows } = await session.query<Registered>(
      `select id, source, target, split, axis, columns_hash from hyperferry.migrated_table where migration_id = $1`,
      [migrationId],
    )
    const bySource = new Map(rows.map((row) => [row.source, row]))
    return new Map(tables.map((table) => [table.source, sameTable(table, bySource.get(table.source))]))
  })
}

async function schemaOf(session: Session, migrationId: number): Promise<string> {
  const { rows } = await session.query<{ schema: string | null }>(
    `select plan -> 'target' ->> 'schema' as schema from hyperferry.migration where id = $1`,
    [migrationId],
  )
  return rows[0]?.schema ?? ''
}

interface Registered {
  id: number
  source: string
  target: string
  split: string
  axis: string | null
  columns_hash: string
}

function sameTable(table: PlannedTable, row: Registered | undefined): number {
  const now = [table.name, table.split, table.axis, columnsHash(table)]
  const then = row && [row.target, row.split, row.axis, row.columns_hash]
  if (row === undefined || then?.some((value, index) => value !== now[index]) === true) {
    throw new HyperferryError('HF-P020', {
      what: `table "${table.source}" was started with another target, split or other columns`,
    })
  }
  return row.id
}

/** Names and types of the copied columns in wire order: what a digest is a digest of. */
function columnsHash(table: PlannedTable): string {
  const wire = table.columns.filter((column) => column.generated === null).map(({ name, type }) => [name, type])
  return createHash('sha256').update(JSON.stringify(wire)).digest('hex').slice(0, 32)
}

/**
 * Inserts a receipt; must be the first statement of the task's transaction. Waits for an unfinished task that overlaps; when that one
 * commits throws HF-B011, before anything was deleted or copied. What is not known yet is filled in by `completeReceipt`, without which
 * the transaction cannot be committed. `lateSince`: see control/late.ts.
 */
export async function insertReceipt(
  session: Session,
  tableId: number,
  receipt: Pick<Receipt, 'lane' | 'span'> & { lateSince?: bigint | null },
  tool = 'hyperferry',
): Promise<bigint> {
  const { lateSince = null } = receipt
  try {
    const { rows } = await session.query<{ id: string }>(
      `insert into hyperferry.receipt (table_id, lane, span, digest, normaliser, columns_hash, tool, late_since)
       select $1, $2, $3::numrange, $4, $5, t.columns_hash, $6, $7 from hyperferry.migrated_table t where t.id = $1
       returning id`,
      [
        tableId,
        receipt.lane,
        spanText(receipt.span),
        EMPTY_DIGEST,
        NORMALISER_VERSION,
        tool,
        lateSince === null ? null : String(lateSince),
      ],
    )
    if (rows[0] === undefined) {
      throw new HyperferryError('HF-X001', { what: `table ${tableId} is not registered in the ledger` })
    }
    return BigInt(rows[0].id)
  } catch (error) {
    if (error instanceof HyperferryError && error.sqlstate === '23P01') {
      throw new HyperferryError('HF-B011', {
        what: `range ${spanText(receipt.span)} of table ${tableId} overlaps a finished one`,
        sqlstate: '23P01',
        cause: error,
      })
    }
    throw error
  }
}

/** Fills in what the task did; in the transaction of `insertReceipt`, before COMMIT. Lane and span stay as inserted. */
export async function completeReceipt(session: Session, id: bigint, receipt: Receipt): Promise<void> {
  const { rowCount } = await session.query(
    `update hyperferry.receipt set rows = $2, quarantined = $3, bytes = $4, digest = $5, losses = $6, completed = true,
       finished_at = clock_timestamp()
     where id = $1 and not completed and lane = $7 and span = $8::numrange`,
    [
      id,
      receipt.rows,
      receipt.quarantined,
      receipt.bytes,
      receipt.digest,
      JSON.stringify(receipt.losses),
      receipt.lane,
      spanText(receipt.span),
    ],
  )
  if (rowCount !== 1) throw new HyperferryError('HF-X001', { what: `receipt ${id} is not open for this range` })
}

/** All receipts of a table in order of their span, main lane first. */
export async function receipts(session: Session, tableId: number): Promise<(Receipt & { id: bigint })[]> {
  const { rows } = await session.query<{
    id: string
    lane: Lane
    from: string | null
    to: string | null
    rows: string
    quarantined: string
    digest: string
    losses: Loss[]
    bytes: string
  }>(
    `select id, lane, lower(span)::text as from, upper(span)::text as to, rows, quarantined, digest, losses, bytes
     from hyperferry.receipt where table_id = $1 order by lane, span`,
    [tableId],
  )
  return rows.map((row) => ({
    id: BigInt(row.id),
    lane: row.lane,
    span: { from: position(row.from), to: position(row.to) },
    rows: Number(row.rows),
    quarantined: Number(row.quarantined),
    digest: row.digest,
    losses: row.losses,
    bytes: Number(row.bytes),
  }))
}

function position(text: string | null): bigint | null {
  return text === null ? null : BigInt(text)
}

/**
 * Returns when everything committed before in this database is on disk, also what was committed with synchronous_commit = off.
 * Needed before a total leaves the process. Must not be called inside a transaction.
 */
export async function durable(session: Session): Promise<void> {
  await transaction(session, async () => {
    await session.query('set local synchronous_commit = on')
    await session.query('update hyperferry.durable set marks = marks + 1')
  })
}
