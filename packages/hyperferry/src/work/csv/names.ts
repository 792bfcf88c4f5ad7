/** Names of files and folders: the same for the same rows, whoever exports them. */
import { RESIDUAL_LANE } from '../../model.ts'
import type { Task } from '../tasks.ts'

export const MANIFEST = 'manifest.json'
export const JOURNAL = 'export.jsonl'
export const LOCK = 'export.lock'
/** Ending of what is not finished. */
export const PARTIAL = '.partial'

/** Folder of a table: its name, with what file systems do not take as `%` and hex. */
export function folderOf(table: string): string {
  return [...Buffer.from(table, 'utf8')]
    .map((byte, index) => {
      const letter = String.fromCharCode(byte)
      return /[A-Za-z0-9_-]/.test(letter) || (letter === '.' && index > 0)
        ? letter
        : `%${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

/** `1704067200000000_1704153600000000`, `min_…`, `…_max`, `residual`, `all`: positions on the axis, half-open. */
export function baseOf(split: string, { lane, span }: Task): string {
  if (split === 'all') return 'all'
  if (lane === RESIDUAL_LANE) return 'residual'
  return `${span.from ?? 'min'}_${span.to ?? 'max'}`
}
