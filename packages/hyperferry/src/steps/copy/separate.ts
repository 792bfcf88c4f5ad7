/** Rows at fault from those that are not. */
import { lineEnds, rowBytes } from '../../csv/rows.ts'
import type { RowTable } from '../../csv/rows.ts'
import type { HyperferryError } from '../../errors.ts'
import type { Session } from '../../target/connect.ts'
import { inSavepoint } from '../../target/savepoint.ts'
import { isDataError } from '../../work/bisect.ts'
import { columnNotDecoded, isNoCharacter } from './encoding.ts'
import type { ImportJob } from './job.ts'
import { placeOf, reasonOf } from './reason.ts'
import type { Reason } from './reason.ts'

interface Separation {
  job: ImportJob
  table: RowTable
  /** Loads the rows `[from, to)`; on failure nothing of it may be left but what a savepoint undoes. */
  load: (from: number, to: number) => Promise<void>
  refuse: (row: number, reason: Reason) => Promise<void>
}

/**
 * Loads the rows `[from, to)` of an open transaction with as few attempts as possible. The server says at which line it stopped: what is before is loaded,
 * that row is tried alone, the rest together again. Where it does not say (rules checked later than the row), each half by itself.
 */
export async function separate(session: Session, from: number, to: number, work: Separation): Promise<void> {
  /** From the back, so that rows are refused in the order of the file. */
  const todo: [number, number][] = [[from, to]]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [first, end] = next
    if (first >= end) continue
    const { error } = await inSavepoint(session, () => work.load(first, end), isDataError)
    if (error === null) continue
    if (end - first === 1) {
      await work.refuse(first, await lookCloser(session, work, first, error))
      continue
    }
    const told = toldRow(work, first, end, error)
    const middle = first + Math.floor((end - first) / 2)
    if (told === null) todo.push([middle, end], [first, middle])
    // In the order of the file: tried before those in front of it, a row whose key comes twice would go in and the first one be refused.
    else todo.push([told + 1, end], [told, told + 1], [first, told])
  }
}

/** Of a byte that is no character the server says neither the line nor the column. */
async function lookCloser(
  session: Session,
  { job, table }: Separation,
  row: number,
  error: HyperferryError,
): Promise<Reason> {
  const bytes = rowBytes(table, row)
  const reason = reasonOf(job, bytes, error)
  if (reason.column !== null || job.utf8 || !isNoCharacter(error)) return reason
  return { ...reason, column: await columnNotDecoded(session, job, bytes) }
}

/** The row that the server's line number means; the header in front is line 1. null when it says none, or one that cannot be. */
function toldRow({ job, table }: Separation, from: number, to: number, error: HyperferryError): number | null {
  const place = placeOf(error)
  if (place === null) return null
  let line = job.prefix.length === 0 ? 1 : 2
  for (let row = from; row < to; row += 1) {
    const next = line + Math.max(1, lineEnds(rowBytes(table, row), job.syntax.rowEnd))
    if (place.line < next) return place.line >= line ? row : null
    line = next
  }
  return null
}
