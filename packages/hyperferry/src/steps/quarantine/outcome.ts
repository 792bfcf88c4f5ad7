/** What became of the rows that a command was to settle. */
import { countOpen } from '../../control/quarantine.ts'
import { messageOf } from '../../errors.ts'
import type { HyperferryError } from '../../errors.ts'
import type { Session } from '../../target/connect.ts'

export type Result = 'fixed' | 'delivered' | 'gone' | 'discarded'

export interface LeftRow {
  id: string
  /** Source table. */
  table: string
  /** HF-D… as in the quarantine, or HF-Q… when it was not tried. */
  code: string
  column: string | null
  sqlstate: string | null
  reason: string
}

export interface SettledRows {
  /** Rows by what became of them; `unchanged`: settled before, in the same way. */
  counts: Record<Result | 'unchanged' | 'left', number>
  /** At most a thousand of each. `columns`: those a person gave values for. */
  settled: { id: string; table: string; outcome: Result; columns?: string[] }[]
  left: LeftRow[]
  /** Rows of the migration that are in quarantine now. */
  open: number
  /** 0, or 4 when rows are left of those that were to be settled. */
  exitCode: 0 | 4
}

/** A page that a person can read, and a log entry of a bounded size. */
const LISTED = 1000

export class Outcome {
  readonly #counts: SettledRows['counts']
  readonly #settled: SettledRows['settled'] = []
  readonly #left: LeftRow[] = []

  constructor(unchanged: number) {
    this.#counts = { fixed: 0, delivered: 0, gone: 0, discarded: 0, unchanged, left: 0 }
  }

  // eslint-disable-next-line max-params -- one line of the answer
  settled(id: string, table: string, outcome: Result, columns?: string[]): void {
    this.#counts[outcome] += 1
    if (this.#settled.length < LISTED) this.#settled.push({ id, table, outcome, ...(columns ? { columns } : {}) })
  }

  left(row: LeftRow): void {
    this.#counts.left += 1
    if (this.#left.length < LISTED) this.#left.push(row)
  }

  async document(session: Session, migrationId: number): Promise<SettledRows> {
    const open = await countOpen(session, migrationId)
    return {
      counts: this.#counts,
      settled: this.#settled,
      left: this.#left,
      open: open.reduce((sum, { count }) => sum + Number(count), 0),
      exitCode: this.#counts.left > 0 ? 4 : 0,
    }
  }
}

/** The server's own words, without our statement in front. */
export function saidOf(error: HyperferryError): string {
  return messageOf(error.cause ?? error)
}
