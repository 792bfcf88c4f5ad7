/** Every error a person can meet: one catalogue with code, hint, retry class and exit code. The texts of docs/reference/errors.md are generated from it. */
import { CATALOGUE } from './errors-catalogue.ts'
import type { CatalogueEntry, ErrorCode } from './errors-catalogue.ts'

export type { CatalogueEntry, ErrorCode } from './errors-catalogue.ts'
export { CATALOGUE } from './errors-catalogue.ts'

/** `transient`: try again after re-reading the receipts. `data`: a row is at fault, find it. `refused`: a person must act. */
export type RetryClass = 'transient' | 'data' | 'refused'

export interface ErrorFacts {
  /** What happened, in one line, without a secret and without row values. */
  what: string
  /** How to go on; the catalogue's hint when absent. */
  hint?: string
  /** SQLSTATE or driver code of the cause. */
  sqlstate?: string
  /** Facts for `--json`: plain data. */
  details?: Record<string, unknown>
  cause?: unknown
}

export interface Retelling extends Pick<Partial<ErrorFacts>, 'what' | 'hint' | 'details'> {
  code?: ErrorCode
}

/** The only error class that crosses a module's border on purpose. */
export class HyperferryError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly exitCode: number
  readonly retry: RetryClass
  readonly sqlstate: string | null
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, facts: ErrorFacts) {
    super(facts.what, facts.cause === undefined ? undefined : { cause: facts.cause })
    const entry: CatalogueEntry = CATALOGUE[code]
    this.name = 'HyperferryError'
    this.code = code
    this.hint = facts.hint ?? entry.hint
    this.exitCode = entry.exit
    this.retry = entry.retry ?? 'refused'
    this.sqlstate = facts.sqlstate ?? null
    this.details = facts.details ?? {}
  }

  /** The same in other words, or under another code; `details` are added to those that are there. */
  retold({ code = this.code, what, hint, details }: Retelling): HyperferryError {
    return new HyperferryError(code, {
      what: what ?? this.message,
      ...(hint === undefined && code !== this.code ? {} : { hint: hint ?? this.hint }),
      details: { ...this.details, ...details },
      cause: this,
      ...(this.sqlstate === null ? {} : { sqlstate: this.sqlstate }),
    })
  }
}

/** The code an unknown thrown value carries (`error.code` of pg, mysql2 and Node), or null. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  const { code } = error
  return typeof code === 'string' ? code : null
}

/** First line of any thrown value's message; never parsed, only shown. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? ''
}
