/** How an encoder says that a value cannot be represented. */
import type { RejectCode } from '../reject-codes.ts'

/** Thrown by encoders, caught by the reader, which aborts the row and records it. No Error: a stack per bad value would cost more than the value. */
export class Reject {
  readonly code: RejectCode
  /** Without the value itself. */
  readonly reason: string

  constructor(code: RejectCode, reason: string) {
    this.code = code
    this.reason = reason
  }
}

/** Throws a `Reject`. */
export function reject(code: RejectCode, reason: string): never {
  // eslint-disable-next-line typescript/only-throw-error -- see Reject
  throw new Reject(code, reason)
}
