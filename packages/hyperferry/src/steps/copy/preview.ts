/** What a copy would do, in words and in SQL. */
import type { Preview } from '../../preview.ts'
import { dropSql } from '../../target/plain-indexes.ts'
import type { PlainIndex } from '../../target/plain-indexes.ts'
import { copySqlOf } from './job.ts'
import type { Prepared } from './prepare.ts'
import type { CopyRequest } from './request.ts'
import { pieceSizes } from './sizes.ts'
import type { Text } from './text.ts'

interface Facts {
  request: CopyRequest
  /** Bytes that an earlier run has loaded. */
  loaded: number
  resumed: boolean
  /** Of a transaction. */
  bytes: number
  /** Indexes that are made at the end. */
  deferred: readonly PlainIndex[]
}

export function previewCopy(text: Text, job: Prepared, facts: Facts): Preview {
  const { request, loaded, resumed, bytes, deferred } = facts
  const left = text.size === null ? null : text.size - job.beginning.first - loaded
  const length =
    left === null ? 'of unknown length' : `${size(left)}${loaded > 0 ? ` (${size(loaded)} are loaded)` : ''}`
  const ranges = left === null ? 1 : piecesIn(text, job.beginning.first + loaded, { bytes, workers: request.workers })
  const transactions =
    left === null
      ? `transactions of ${size(bytes)}`
      : ranges === 1
        ? 'one transaction'
        : `about ${ranges} transactions of at most ${size(bytes)}`
  const empties = request.truncate && !resumed
  return {
    title: `Would load ${text.label} into ${job.target}:`,
    lines: [
      ...(empties ? [`EMPTIES ${job.target} first`] : []),
      `${length}: ${transactions}, ${request.workers} at the same time`,
      `columns: ${job.columns.join(', ')}`,
      ...(deferred.length > 0
        ? [`drops these indexes and makes them again at the end: ${deferred.map(({ name }) => name).join(', ')}`]
        : []),
      ...(job.staged?.skipConflicts === true ? ['rows whose key is there are left out'] : []),
      ...(job.staged && job.staged.orderBy.length > 0 ? [`rows are sorted by ${job.staged.orderBy.join(', ')}`] : []),
      ...(job.keepAside ? ['rows at fault are kept aside'] : ['the first row at fault ends it']),
    ],
    sql: [
      ...(empties ? [`truncate ${job.target};`] : []),
      ...deferred.map((index) => `${dropSql(index)};`),
      `${copySqlOf(job)};`,
      ...deferred.map(({ definition }) => `${definition};`),
    ],
  }
}

/** Rows are never cut, and what is loaded may lie anywhere: about. */
function piecesIn(text: Text, from: number, how: { bytes: number; workers: number }): number {
  const next = pieceSizes(how.bytes, { first: from, size: text.size, workers: how.workers })
  let count = 0
  for (let at = from; at < (text.size ?? 0); at += next(at)) count += 1
  return count
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`
}
