/** Closing the books of a table whose source grows meanwhile. */
import { barrier, clearOf } from '../control/barrier.ts'
import { lateRows } from '../control/late.ts'
import { totals } from '../control/ledger.ts'
import type { Totals } from '../control/ledger.ts'
import { writersOf } from '../control/writers.ts'
import { HyperferryError } from '../errors.ts'
import { patiently, withSession } from './attempts.ts'
import type { CopyRun } from './attempts.ts'
import { targetHoldsThem } from './close-books.ts'
import type { Part } from './part.ts'
import type { TableWork } from './table-work.ts'

export interface LiveBooks {
  migrationId: number
  signal: AbortSignal
}

/**
 * The source counts the backfill's part: at least as many rows as the receipts and the quarantine have, and as many more at most as writers have delivered
 * late. Throws HF-B010. A table that is not split by time can only be counted whole, so only the first half is looked at (verify proves the rest); so it is when
 * writers without the library are declared, whose late rows nobody notes.
 */
export async function closeLiveBooks(
  run: CopyRun,
  work: TableWork,
  books: LiveBooks & { part: Part },
): Promise<Totals> {
  const { name } = work.table
  const sum = await withSession(run, name, (session) => totals(session, work.tableId))
  // After the receipts: whatever comes in between only adds to what the source has.
  const counted = await countPart(run, work, books.part)
  const accounted = sum.rows + sum.quarantined
  const missing = counted.least - accounted
  if (missing < 0n) throw unbalanced(work, counted.least, sum)
  if (missing > 0n && counted.exact)
    await explain(run, work, { books, sum, counted: counted.least, missing: missing - counted.doubtful })
  if (sum.losses.some(({ code }) => code === 'HF-L020')) await targetHoldsThem(run, work, sum.rows)
  return sum
}

interface Counted {
  least: bigint
  /** Whether only rows of the part were counted. */
  exact: boolean
  /** Rows without a position: their time may put them into the writers' part. */
  doubtful: bigint
}

async function countPart(run: CopyRun, { table, reader }: TableWork, part: Part): Promise<Counted> {
  const count = (slice: Parameters<typeof reader.count>[0]): Promise<bigint> =>
    patiently(run, table.name, () => reader.count(slice))
  if (table.split !== 'time') return { least: await count({ kind: 'all' }), exact: false, doubtful: 0n }
  const doubtful = await count({ kind: 'residual' })
  let least = doubtful
  for (const { from, to } of part.spans) least += await count({ kind: 'range', from, to })
  return { least, exact: true, doubtful }
}

async function explain(
  run: CopyRun,
  work: TableWork,
  {
    books,
    sum,
    counted,
    missing,
  }: { books: LiveBooks & { part: Part }; sum: Totals; counted: bigint; missing: bigint },
): Promise<void> {
  const { migrationId, signal, part } = books
  const { table } = work
  // Late rows are noted when they are delivered: those that were counted have to be, before the notes are added up.
  await patiently(run, table.name, () =>
    barrier(run.target, migrationId, { signal, enough: clearOf(table.source, part) }),
  )
  const [late, external] = await withSession(run, table.name, async (session) => [
    await lateRows(session, work.tableId),
    (await writersOf(session, migrationId)).some(({ kind }) => kind === 'external'),
  ])
  if (missing > late && !external) throw unbalanced(work, counted, sum, late)
}

// eslint-disable-next-line max-params -- the numbers of one equation
function unbalanced(work: TableWork, counted: bigint, sum: Totals, late = 0n): HyperferryError {
  const { source, split } = work.table
  const where = split === 'time' ? ' before T and from F on' : ''
  return new HyperferryError('HF-B010', {
    what: `${source}: the source counts ${counted} rows${where}, the receipts say ${sum.rows} copied and ${sum.quarantined} in quarantine, writers delivered ${late} late`,
    hint: 'Somebody writes to the source without the library, or rows were read twice or not at all. See `hyperferry writers`, and verify.',
    details: {
      table: source,
      sourceRows: String(counted),
      rows: String(sum.rows),
      quarantined: String(sum.quarantined),
      late: String(late),
    },
  })
}
