/** A row that begins with LF in a file whose rows end with CR. The server refuses it in its place; first in a piece it would take it for the second half of the CRLF of our header. */
import { LF } from '../../csv/dialect.ts'
import { HyperferryError } from '../../errors.ts'
import type { ImportJob } from './job.ts'

export function beginsWithLf({ syntax }: Pick<ImportJob, 'syntax'>, row: Buffer): boolean {
  return syntax.rowEnd === 'cr' && row[0] === LF
}

/** What the server says of such a row. */
export function lfFirst(): HyperferryError {
  return new HyperferryError('HF-S016', { what: 'a row begins with LF', sqlstate: '22P04' })
}
