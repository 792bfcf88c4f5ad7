/** How the second opinion renders a column: SQL for SQLite, and the last step on its texts. */
import type { PlannedColumn } from '../../model.ts'
import type { PgType } from '../../values/pgtype.ts'
import type { Encoding } from './exact.ts'
import type { SqliteValue } from './value.ts'

/** A value that the rules send to quarantine: its row is not in the target. */
export const LEFT_OUT: unique symbol = Symbol('left out')

/** What the renderers of a column are told. */
export interface SecondColumn {
  /** Quoted name. */
  sql: string
  type: PgType
  column: PlannedColumn
  encoding: Encoding
  timezone: string
}

/** SQL that gives some texts for a value, and what makes the canonical text of them; `texts[0]` is always the storage class, never 'null'. */
export interface Rendering {
  sql: string[]
  finish: (texts: readonly SqliteValue[]) => string | null | typeof LEFT_OUT
}
