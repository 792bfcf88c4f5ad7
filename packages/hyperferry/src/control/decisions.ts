/** What people decided about rows in quarantine, as far as whoever reads the source again has to know it (docs/design/0013). */
import { createHash } from 'node:crypto'
import type { RejectedRow } from '../model.ts'
import type { Session } from '../target/connect.ts'

/** A source row that is not in the target as it is: another one is (a fix), or none (a discard). */
export interface Decision {
  /** Names a row that the transcoder refuses: `signatureOf`. */
  signature: string
  /** Names a row that the target refused: hash of the row as it is sent. null: it was never sent. */
  hash: string | null
  /** The binary COPY tuple in the target; null when the row was given up. */
  tuple: Uint8Array | null
}

/** Key and values as they were kept: whatever changes in the source, the decision was about another row. */
export function signatureOf({ key, values }: Pick<RejectedRow, 'key' | 'values'>): string {
  return createHash('sha256')
    .update(`${JSON.stringify(key)}\n${JSON.stringify(values)}`)
    .digest('hex')
}

/** Of one table. Empty in a control schema that is older than decisions. */
export async function decisionsOf(session: Session, tableId: number): Promise<Decision[]> {
  if (!(await hasDecisions(session))) return []
  const { rows } = await session.query<Decision>(
    // json keeps the text as it was written, and signatureOf makes the same.
    `select encode(sha256(convert_to(key::text || E'\\n' || row_values::text, 'UTF8')), 'hex') as signature, row_hash as hash,
       settled_tuple as tuple
     from hyperferry.quarantine_row where table_id = $1 and settled_how in ('fix', 'discard') order by id`,
    [tableId],
  )
  return rows
}

/** Whether the control schema can hold decisions; commands that only read leave an older one as it is. */
export async function hasDecisions(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ known: boolean }>(
    `select exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'hyperferry' and c.relname = 'quarantine_row' and a.attname = 'settled_how' and not a.attisdropped) as known`,
  )
  return rows[0]?.known === true
}
