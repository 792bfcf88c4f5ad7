/** The one answer to an abort signal. */
import { HyperferryError } from '../../errors.ts'

/** @throws HF-B022, or the reason itself when it is an error of ours. */
export function interrupted(signal: AbortSignal): void {
  if (!signal.aborted) return
  const reason: unknown = signal.reason
  if (reason instanceof HyperferryError) throw reason
  throw new HyperferryError('HF-B022', { what: 'reading the source was interrupted', cause: reason })
}
