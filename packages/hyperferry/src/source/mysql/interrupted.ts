import { HyperferryError } from '../../errors.ts'

/** What every call rejects with once the signal is aborted. */
export function interrupted(): HyperferryError {
  return new HyperferryError('HF-B022', { what: 'reading the source was interrupted' })
}
