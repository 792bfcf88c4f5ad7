/**
 * The way to a time range of a table whose primary key is (series, time, …): through the key, once per series. InnoDB keeps its rows in the order of that
 * key, so each series is read in one go; by the index of the time column every single row would have to be looked for in the key.
 */
import type { SourceTable } from '../../model.ts'
import type { Access } from './axis.ts'
import { parseColumnType } from './column-type.ts'
import { ident } from './quote.ts'
import type { Session } from './session.ts'

export interface SkipScan {
  /** How to read a range, valid in the session's transaction only; null: by the index of the axis. */
  access(session: Session): Promise<Access | null>
}

/** With more series than this a range has too few rows of each. */
const MOST_SERIES = 1000
const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])

/** null when the key is not of that form. */
export function compileSkipScan(live: SourceTable, axis: string | null): SkipScan | null {
  const [first, second] = live.primaryKey
  const column = live.columns.find(({ name }) => name === first)
  if (axis === null || second !== axis || column === undefined || live.storage.toLowerCase() !== 'innodb') return null
  return INTEGERS.has(parseColumnType(column.type).base) ? new KeyScan(live.name, column.name) : null
}

class KeyScan implements SkipScan {
  readonly #column: string
  readonly #from: string
  /** Those of the snapshot that was asked last, ascending; null when there are too many. */
  #series: readonly bigint[] | null = []

  constructor(table: string, column: string) {
    this.#column = ident(column)
    this.#from = `FROM ${ident(table)} FORCE INDEX (PRIMARY)`
  }

  async access(session: Session): Promise<Access | null> {
    let series = this.#series
    // The list must be complete in this very snapshot, or rows would be left out. One question tells, and the key answers it by a look into each gap.
    if (series !== null && (series.length === 0 || (await this.#hasOthers(session, series)))) {
      series = await this.#allSeries(session)
      this.#series = series
    }
    if (series === null || series.length === 0) return null
    return { index: 'PRIMARY', condition: `${this.#column} IN (${series.join(', ')})` }
  }

  async #hasOthers(session: Session, series: readonly bigint[]): Promise<boolean> {
    const rows = await session.query(`SELECT 1 ${this.#from} WHERE ${gaps(this.#column, series)} LIMIT 1`)
    return rows.length > 0
  }

  /** From one value to the next larger one: each step is a look into the key, whatever the optimizer thinks of DISTINCT. */
  async #allSeries(session: Session): Promise<bigint[] | null> {
    const series: bigint[] = []
    for (;;) {
      const last = series.at(-1)
      const after = last === undefined ? '' : ` WHERE ${this.#column} > ${last}`
      const [[next] = []] = await session.query(`SELECT MIN(${this.#column}) ${this.#from}${after}`)
      if (next === null || next === undefined) return series
      if (series.length === MOST_SERIES) return null
      series.push(BigInt(next))
    }
  }
}

/** True for every integer that is not in the ascending list. */
export function gaps(column: string, series: readonly bigint[]): string {
  const [first, last] = [series[0], series.at(-1)]
  const between = series.flatMap((value, index) => {
    const next = series[index + 1]
    return next === undefined || next === value + 1n ? [] : [`${column} > ${value} AND ${column} < ${next}`]
  })
  return [`${column} < ${first}`, ...between, `${column} > ${last}`].join(' OR ')
}
