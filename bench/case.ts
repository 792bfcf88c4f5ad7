// What is compared: one piece of work, done by us and by others, each time into a fresh database.
import type { Measured } from './measure.ts'
import type { Series } from './series/series.ts'

export interface Place {
  /** URL of the fresh database. */
  target: string
  /** URL of the database or path of the file that is read. */
  source: string
  /** A folder of one's own. */
  folder: string
  /** Processes whose CPU counts as the servers'. */
  servers: readonly number[]
}

/** Prepares in its own time and measures what a user waits for; all rows are there when it resolves, as the case's users need them. */
export interface Contender {
  name: string
  run: (place: Place) => Promise<Measured>
}

export interface Case {
  name: string
  /** As `--only` names it. */
  id: string
  source: 'csv' | 'mariadb' | 'sqlite'
  series: Series
  /** Needs the community edition. */
  columnstore: boolean
  /** Wall time of ours by theirs, at most. */
  goal: number
  ours: Contender
  /** The best of these in a first round is the one that we are compared with; those that are not on this machine are left out. */
  peers: readonly Contender[]
}
