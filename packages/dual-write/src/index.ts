/** Writes to the old and the new database while hyperferry moves one into the other. */
export { collection } from './collection.ts'
export type { Collection, Collections, RowOf } from './collection.ts'
export { createDualWriter } from './create.ts'
export {
  ContractError,
  ContractNumberError,
  DeclarationError,
  DualWriteError,
  JournalError,
  JournalLockedError,
  NotAdmittedError,
  OutcomeUnknownError,
  PrimaryFailedError,
  UnknownStageError,
} from './errors.ts'
export type { DualWriteCode } from './errors.ts'
export type { JournalOptions } from './journal/journal.ts'
export type { Side, Stage } from './model.ts'
export type { DualWriteEvent, DualWriterOptions } from './options.ts'
export type { SourceStore, StoreBatch, TargetStore } from './stores/store.ts'
export { VERSION } from './version.ts'
export type { DualWriter, WriterStatus } from './writer.ts'
export type { WriteResult } from './write.ts'
