/** What `write()` and `createDualWriter()` throw. Each has a code that programs may rely on. */

export type DualWriteCode =
  'HF-DW01' | 'HF-DW02' | 'HF-DW03' | 'HF-DW04' | 'HF-DW05' | 'HF-DW06' | 'HF-DW07' | 'HF-DW08' | 'HF-DW09'

export class DualWriteError extends Error {
  readonly code: DualWriteCode
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean

  constructor(code: DualWriteCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

/** The primary store refused the write. Nothing was written anywhere; the store's own error is the cause. */
export class PrimaryFailedError extends DualWriteError {
  constructor(message: string, cause: unknown, retryable: boolean) {
    super('HF-DW01', message, { cause, retryable })
  }
}

/** Nobody can say yet whether the primary store has the rows. The library finds out and acts on it; trying again may write them twice where there is no key. */
export class OutcomeUnknownError extends DualWriteError {
  readonly opId: string
  constructor(message: string, opId: string, cause: unknown) {
    super('HF-DW02', message, { cause })
    this.opId = opId
  }
}

/** The writer admits nothing now: a change of roles takes longer than it may, or this writer was closed. Nothing was written. */
export class NotAdmittedError extends DualWriteError {
  readonly reason: 'hold' | 'closed' | 'unknown-stage'
  constructor(message: string, reason: NotAdmittedError['reason'], cause?: unknown) {
    super('HF-DW03', message, { retryable: reason !== 'closed', ...(cause === undefined ? {} : { cause }) })
    this.reason = reason
  }
}

/** A value that not both stores can hold, by the value contract. Nothing was written. */
export class ContractError extends DualWriteError {
  readonly collection: string
  readonly column: string | null
  /** Index of the row in the call. */
  readonly row: number
  constructor(message: string, at: { collection: string; column: string | null; row: number }) {
    super('HF-DW04', message)
    this.collection = at.collection
    this.column = at.column
    this.row = at.row
  }
}

/** The journal cannot take the intent (full, disk full, unreadable), so nothing was written anywhere. */
export class JournalError extends DualWriteError {
  constructor(message: string, cause?: unknown) {
    super('HF-DW05', message, { retryable: true, ...(cause === undefined ? {} : { cause }) })
  }
}

/** Another process has this journal. */
export class JournalLockedError extends DualWriteError {
  constructor(message: string) {
    super('HF-DW06', message)
  }
}

/** The stage cannot be known: no control schema can be reached and this machine remembers none. */
export class UnknownStageError extends DualWriteError {
  constructor(message: string, cause?: unknown) {
    super('HF-DW07', message, { retryable: true, ...(cause === undefined ? {} : { cause }) })
  }
}

/** Collections or stores were declared wrongly. */
export class DeclarationError extends DualWriteError {
  constructor(message: string) {
    super('HF-DW08', message)
  }
}

/** The control schema of the target speaks another contract number. */
export class ContractNumberError extends DualWriteError {
  constructor(message: string, cause?: unknown) {
    super('HF-DW09', message, cause === undefined ? {} : { cause })
  }
}
