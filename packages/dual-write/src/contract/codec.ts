/** What a compiled column is made of; see compile.ts. */
import { DeclarationError } from '../errors.ts'
import type { Cell, ContractColumn } from '../model.ts'
import type { SourceType } from './source-type.ts'
import type { TargetType } from './target-type.ts'
import type { Zone } from './zone.ts'

export type Value = Exclude<Cell, null>

/** One column: from what the application gives to the one value, and from there to what each driver takes. */
export interface Codec {
  /** The value of both stores; null where a rule says so. `value` is neither null nor undefined. @throws Refusal */
  cell(value: unknown): Cell
  /** As the source's driver takes it. */
  source(cell: Value): string | number | bigint | Uint8Array
  /** As PostgreSQL's input function of the type reads it. */
  target(cell: Value): string
  /** Position in time (see model.ts); only where the target's type has one. */
  instant?(cell: Value): bigint
  /** What stands for the present, handed to `cell`; the default is a Date. */
  now?(at: Date): unknown
}

/** Everything that decides how one column is treated. */
export interface ColumnContext {
  column: ContractColumn
  source: SourceType
  target: TargetType
  zone: Zone
  /** No NULL may come out of a rule. */
  required: boolean
  /** Unit of epoch numbers in an integer column; null when nobody names one. */
  unit: 's' | 'ms' | 'us' | 'ns' | null
  /** Counts a value that a rule changed. */
  lose: (code: LossCode) => void
}

/**
 * The engine's codes: time rounded down, zero date replaced, NUL removed, invalid text replaced, ambiguous wall clock. HF-L006 is of live values only: a
 * decimal rounded as the source itself would have done it without a word (docs/design/0010).
 */
export type LossCode = 'HF-L001' | 'HF-L002' | 'HF-L003' | 'HF-L004' | 'HF-L005' | 'HF-L006'

/** A value that not both stores can hold. The message never holds the value. */
export class Refusal extends Error {}

export function refuse(message: string): never {
  throw new Refusal(message)
}

/** For a pair of types without a rule. */
export function noRule({ column }: ColumnContext): DeclarationError {
  return new DeclarationError(
    `column ${column.source}: no rule for ${column.sourceType || 'no type'} of the source and ${column.type} of the target`,
  )
}
