/** What a copy would do, in words and in SQL. */
import type { Preview } from '../../preview.ts'
import { copySqlOf } from './job.ts'
import type { Prepared } from './prepare.ts'
import type { CopyRequest } from './request.ts'
import type { Text } from './text.ts'

interface Facts {
  request: CopyRequest
  /** Bytes that an earlier run has loaded. */
  loaded: number
  resumed: boolean
  /** Of a transaction. */
  bytes: number
}

export function previewCopy(text: Text, job: Prepared, { request, loaded, resumed, bytes }: Facts): Preview {
  const left = text.size === null ? null : text.size - job.beginning.first - loaded
  const length =
    left === null ? 'of unknown length' : `${size(left)}${loaded > 0 ? ` (${size(loaded)} are loaded)` : ''}`
  const ranges = left === null ? 1 : Math.ceil(left / bytes)
  const transactions =
    left === null
      ? `transactions of ${size(bytes)}`
      : ranges === 1
        ? 'one transaction'
        : `about ${ranges} transactions of ${size(bytes)}`
  const empties = request.truncate && !resumed
  return {
    title: `Would load ${text.label} into ${job.target}:`,
    lines: [
      ...(empties ? [`EMPTIES ${job.target} first`] : []),
      `${length}: ${transactions}, ${request.workers} at the same time`,
      `columns: ${job.columns.join(', ')}`,
      ...(job.staged?.skipConflicts === true ? ['rows whose key is there are left out'] : []),
      ...(job.staged && job.staged.orderBy.length > 0 ? [`rows are sorted by ${job.staged.orderBy.join(', ')}`] : []),
      ...(job.keepAside ? ['rows at fault are kept aside'] : ['the first row at fault ends it']),
    ],
    sql: [...(empties ? [`truncate ${job.target};`] : []), `${copySqlOf(job)};`],
  }
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`
}
