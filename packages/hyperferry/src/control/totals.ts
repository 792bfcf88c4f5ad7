/** Sums over the receipts of a table, exact. */
import type { Loss } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { Digest } from '../values/digest.ts'

export interface Totals {
  rows: bigint
  /** Rows of the source that are not in the target: in quarantine, or given up. */
  quarantined: bigint
  /** Those of them that a person has given up. */
  discarded: bigint
  bytes: bigint
  losses: Loss[]
  /** Sum of the receipts' digests: the digest of every row sent. */
  digest: string
  receipts: number
}

/** Totals of a table from one consistent look at its receipts, summed by the server: there may be a million of them. Throws HF-V002 for digests of another version. */
export async function totals(session: Session, tableId: number): Promise<Totals> {
  const { rows } = await session.query<Sums>(
    `with mine as materialized (
       select id, rows, quarantined, bytes, losses, string_to_array(digest, ':') as digest
       from hyperferry.receipt where table_id = $1)
     select digest[1] as version, count(*)::text as receipts, sum(rows)::text as rows, sum(quarantined)::text as quarantined,
       (select count(*)::text from hyperferry.quarantine_row where table_id = $1 and status = 'discarded') as discarded, sum(bytes)::text as bytes, array[${[2, 3, 4, 5, 6].map((part) => `sum(${word(part)})::text`).join(', ')}] as words,
       (select coalesce(json_agg(json_build_object('code', code, 'column', "column", 'count', count) order by first, code, "column"), '[]')
        from (select l ->> 'code' as code, l ->> 'column' as "column", sum((l ->> 'count')::int8) as count, min(id) as first
              from mine, jsonb_array_elements(losses) as l group by 1, 2) as each) as losses
     from mine group by digest[1]`,
    [tableId],
  )
  const sum: Totals = {
    rows: 0n,
    quarantined: 0n,
    discarded: 0n,
    bytes: 0n,
    losses: rows[0]?.losses ?? [],
    digest: '',
    receipts: 0,
  }
  const digest = new Digest()
  for (const row of rows) {
    const [count, ...words] = row.words.map((text) => BigInt.asUintN(64, BigInt(text)).toString(16))
    digest.merge([row.version, count, ...words.map((text) => text.padStart(16, '0'))].join(':'))
    sum.rows += BigInt(row.rows)
    sum.quarantined += BigInt(row.quarantined)
    sum.discarded = BigInt(row.discarded)
    sum.bytes += BigInt(row.bytes)
    sum.receipts += Number(row.receipts)
  }
  return { ...sum, digest: digest.toString() }
}

interface Sums {
  version: string
  receipts: string
  rows: string
  quarantined: string
  discarded: string
  bytes: string
  /** Sums of the digests' numbers, of signed words: right modulo 2^64. */
  words: string[]
  losses: Loss[]
}

/** A part of a digest's text, in hex, as a signed number of 64 bits. */
function word(part: number): string {
  return `('x' || lpad(digest[${part}], 16, '0'))::bit(64)::int8`
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
