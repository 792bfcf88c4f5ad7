/** Sending the rows of a spool into the target, within a transaction that is open already. */
import type { Failpoint } from '../failpoints.ts'
import { HyperferryError } from '../errors.ts'
import type { Loss } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { COPY_HEADER, COPY_TRAILER } from '../values/copy-stream.ts'
import type { SliceRows } from './read-slice.ts'
import { pass } from './read-slice.ts'
import type { TableWork } from './table-work.ts'

/** What became of the rows that were sent. */
export interface Written {
  /** Rows that are in the target now. */
  rows: number
  /** `hf1:…` of exactly those. */
  digest: string
  /** Rows the target refused. */
  refused: number
  /** Beside those the transcoder counted. */
  losses: Loss[]
}

/** One COPY straight into the table. Fails as a whole: then the transaction (or savepoint) is broken and `writeCarefully` finds the rows at fault. */
export async function writeRows(
  session: Session,
  work: TableWork,
  read: SliceRows,
  midway: Failpoint | null,
): Promise<Written> {
  const { spool, digest } = read
  if (spool.rows > 0) {
    const taken = await session.copyIn(work.copySql, copyStream(read, midway))
    if (taken !== spool.rows) throw rowsDropped(work, spool.rows, taken)
  }
  return { rows: spool.rows, digest: digest.toString(), refused: 0, losses: [] }
}

/** A trigger or rule that swallows rows would make the books lie. */
export function rowsDropped(work: TableWork, sent: number, taken: number): HyperferryError {
  return new HyperferryError('HF-B017', {
    what: `${work.table.name}: the target took ${taken} of ${sent} rows without an error`,
    details: { table: work.table.name, sent, taken },
  })
}

async function* copyStream(
  { spool, arranged }: SliceRows,
  midway: Failpoint | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield COPY_HEADER
  if (arranged !== undefined) {
    for (const piece of arranged()) {
      yield piece
      pass(midway)
    }
    yield COPY_TRAILER
    return
  }
  for await (const batch of spool.batches()) {
    yield batch.bytes
    pass(midway)
  }
  yield COPY_TRAILER
}
