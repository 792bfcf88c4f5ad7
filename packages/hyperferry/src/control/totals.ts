/** Sums over the receipts of a table, exact. */
import type { Loss } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { Digest } from '../values/digest.ts'

export interface Totals {
  rows: bigint
  quarantined: bigint
  bytes: bigint
  losses: Loss[]
  /** Sum of the receipts' digests: the digest of every row sent. */
  digest: string
  receipts: number
}

/** Totals of a table from one consistent look at its receipts. */
export async function totals(session: Session, tableId: number): Promise<Totals> {
  const { rows } = await session.query<{
    rows: string
    quarantined: string
    bytes: string
    digest: string
    losses: Loss[]
  }>('select rows, quarantined, bytes, digest, losses from hyperferry.receipt where table_id = $1 order by id', [
    tableId,
  ])
  const digest = new Digest()
  const sum = { rows: 0n, quarantined: 0n, bytes: 0n }
  for (const row of rows) {
    digest.merge(row.digest)
    sum.rows += BigInt(row.rows)
    sum.quarantined += BigInt(row.quarantined)
    sum.bytes += BigInt(row.bytes)
  }
  return {
    ...sum,
    losses: addLosses(rows.flatMap((row) => row.losses)),
    digest: digest.toString(),
    receipts: rows.length,
  }
}

/** One entry for each code and column. */
export function addLosses(losses: readonly Loss[]): Loss[] {
  const sums = new Map<string, Loss>()
  for (const { code, column, count } of losses) {
    const key = `${code} ${column}`
    sums.set(key, { code, column, count: count + (sums.get(key)?.count ?? 0) })
  }
  return [...sums.values()]
}
