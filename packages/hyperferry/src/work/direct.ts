/** Rows that are compressed on their way in: what a table's tasks have in common. Plain data. */

/** How a table's tasks reach its columnstore; the same for all of them. */
export interface DirectLoad {
  /** SQL for the transaction of a COPY. */
  settings: string
  /** Positions of the columns of segmentBy and of the time, on the wire. */
  segments: readonly number[]
  time: number
  /** Length of a chunk, and 1970 as the time column counts: both in the units of its wire form. */
  interval: bigint
  epoch: bigint
  /** How many units of the chunks' bounds one unit of the wire form is: a day's microseconds for dates, else 1. */
  unit: bigint
  /** How the columnstore orders by time, when tasks can be given to it in that order, whole and apart from each other; else null. */
  order: 'asc' | 'desc' | null
  /** Zone of wall-clock columns. */
  timezone: string
  /** Chunks that end later are left as rows, for those who go on writing. As chunks count. */
  cutoff: bigint
  /** Chunks that are or were seen to, by where they begin: workers of one chunk wait for the one who makes it. */
  readonly opened: Map<bigint, Promise<void>>
  /** Rows that went this way and are committed. */
  rows: number
}
