/** A trigger or rule that swallows rows would make the books lie. */
import { HyperferryError } from '../../errors.ts'

export function rowsDropped(table: string, sent: number, taken: number): HyperferryError {
  return new HyperferryError('HF-B017', {
    what: `${table}: the target took ${taken} of ${sent} rows without an error`,
    details: { table, sent, taken },
  })
}
