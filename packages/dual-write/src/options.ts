/** What `createDualWriter` takes. */
import type { Collections } from './collection.ts'
import { DeclarationError } from './errors.ts'
import type { JournalOptions } from './journal/journal.ts'
import type { Side, Stage } from './model.ts'
import type { SourceStore, TargetStore } from './stores/store.ts'

export interface DualWriterOptions<C extends Collections> {
  /** Name of the migration, as in the plan. */
  migration: string
  source: SourceStore
  target: TargetStore
  journal: JournalOptions
  collections: C
  /** How people call this process in `hyperferry writers`. Default the host's name; several processes of a host need one each. */
  name?: string
  /** How long `write()` waits while roles change, in milliseconds. Default 10,000; then NotAdmittedError. */
  admissionMs?: number
  /** Without markers in the source: how long after its begin an op may still commit there, in milliseconds; above the server's statement timeout. Default 30,000. */
  graceMs?: number
  /** Target and memory of the stage both gone: fail, or write to the source alone (rows may then be missing in the target). Default fail. */
  onUnknownStage?: 'fail' | 'source'
  /** Told about everything noteworthy; must not throw. */
  onEvent?: (event: DualWriteEvent) => void
}

export type DualWriteEvent =
  | { kind: 'roles'; stage: Stage; epoch: number; primary: Side; phase: 'open' | 'prepare' | 'hold' }
  /** The control schema cannot be reached (or can again). */
  | { kind: 'control'; reachable: boolean; error: unknown }
  /** The other store does not take records at the moment; they wait. */
  | { kind: 'delivery-waits'; to: Side; error: unknown; waiting: number }
  /** The other store refuses a record for good: `hyperferry parked list`. */
  | { kind: 'parked'; to: Side; collection: string; code: string | null }
  /** A write whose outcome nobody can find out; it is marked in the control schema. */
  | { kind: 'suspect'; collection: string | null; reason: string }
  /** Something keeps this writer from writing to both stores. */
  | { kind: 'problem'; message: string }

export type Settings<C extends Collections> = Required<Omit<DualWriterOptions<C>, 'name'>> & { name: string }

/** Fills in the defaults. Throws DeclarationError for what cannot be. */
export function settingsOf<C extends Collections>(options: DualWriterOptions<C>, hostname: string): Settings<C> {
  if (options.migration === '') throw new DeclarationError('migration: a name is needed')
  if (Object.keys(options.collections).length === 0) throw new DeclarationError('collections: none was declared')
  const tables = Object.values(options.collections).map(({ table }) => table)
  const twice = tables.find((table, index) => tables.indexOf(table) !== index)
  if (twice !== undefined) throw new DeclarationError(`collections: table "${twice}" was declared twice`)
  return {
    admissionMs: 10_000,
    graceMs: 30_000,
    onUnknownStage: 'fail',
    onEvent: () => {},
    ...options,
    name: options.name ?? hostname,
  }
}
