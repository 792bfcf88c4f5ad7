/** Closing the books of a table: what the source counts by itself against what the receipts say. */
import { totals } from '../control/ledger.ts'
import type { Totals } from '../control/ledger.ts'
import { HyperferryError } from '../errors.ts'
import { patiently, withSession } from './attempts.ts'
import type { CopyRun } from './attempts.ts'
import type { TableWork } from './table-work.ts'

/**
 * Throws HF-B010 with the numbers unless the source's rows = copied + quarantined. When some rows were found in the target instead of copied
 * (`HF-L020`), the target must also hold at least as many rows as the books say: two rows of the source may not share one there.
 */
export async function closeBooks(run: CopyRun, work: TableWork): Promise<Totals> {
  const sum = await withSession(run, work.table.name, (session) => totals(session, work.tableId))
  const counted = await patiently(run, work.table.name, () => work.reader.count({ kind: 'all' }))
  mustMatch(work, counted, { rows: sum.rows, quarantined: sum.quarantined })
  if (sum.losses.some(({ code }) => code === 'HF-L020')) await targetHoldsThem(run, work, sum.rows)
  return sum
}

/** Throws HF-B010 unless `counted` rows of the source are all accounted for. */
export function mustMatch(work: TableWork, counted: bigint, books: { rows: bigint; quarantined: bigint }): void {
  if (counted === books.rows + books.quarantined) return
  const details = {
    table: work.table.source,
    sourceRows: String(counted),
    rows: String(books.rows),
    quarantined: String(books.quarantined),
  }
  throw new HyperferryError('HF-B010', {
    what: `${work.table.source}: the source counts ${counted} rows, the receipts say ${books.rows} copied and ${books.quarantined} in quarantine`,
    details,
  })
}

/** Beside live writers, of the rows in the backfill's part. Throws HF-B010. */
export async function targetHoldsThem(run: CopyRun, work: TableWork, rows: bigint): Promise<void> {
  const counted = await withSession(run, work.table.name, (session) =>
    session.query<{ rows: string }>(
      `select pg_catalog.count(*)::pg_catalog.text as rows from ${work.target}${work.part === null ? '' : ` where ${work.part.condition}`}`,
    ),
  )
  const held = BigInt(counted.rows[0]?.rows ?? '0')
  if (held >= rows) return
  throw new HyperferryError('HF-B010', {
    what: `${work.table.name}: the receipts say ${rows} rows, the target holds ${held}; rows of the source became one`,
    hint: 'Two rows of the source have the same key and values in the target. Drop the key from the plan or choose a finer type.',
    details: { table: work.table.source, rows: String(rows), targetRows: String(held) },
  })
}
