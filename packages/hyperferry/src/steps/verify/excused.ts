/** Rows in quarantine: in the source, rightly not in the target. They are recognised by their text, as no key is sure to survive. */
import type { PlannedTable } from '../../model.ts'

/** The parts of a quarantined row that are looked at; names are the source's. */
export interface KeptBack {
  column: string | null
  key: Record<string, string | null>
  values: Record<string, string | null>
}

/** Text of a row's column by its source name; undefined when the forms cannot be compared. */
export type RowText = (sourceColumn: string) => string | null | undefined

/** Each quarantined row excuses one missing row, once. */
export class Excused {
  readonly #rows: { row: KeptBack; columns: string[] }[]
  /** Where `007` is not `7`. */
  readonly #verbatim: ReadonlySet<string>

  constructor(table: PlannedTable, rows: readonly KeptBack[]) {
    const planned = new Set(table.columns.map((column) => column.source))
    const texts = table.columns.filter((column) => /text|char|json/i.test(column.type))
    this.#verbatim = new Set(texts.map((column) => column.source))
    this.#rows = rows.map((row) => ({ row, columns: decisive(row, planned) }))
  }

  get left(): number {
    return this.#rows.length
  }

  /** Takes the quarantined row that this text belongs to; false when there is none. */
  take(text: RowText): boolean {
    const index = this.#rows.findIndex(({ row, columns }) => this.#isSame(row, columns, text))
    if (index < 0) return false
    this.#rows.splice(index, 1)
    return true
  }

  #isSame(row: KeptBack, columns: readonly string[], text: RowText): boolean {
    let compared = 0
    for (const name of columns) {
      const mine = text(name)
      const kept = row.key[name] === undefined ? row.values[name] : row.key[name]
      if (mine === undefined || kept === undefined) continue
      if (mine !== kept && (this.#verbatim.has(name) || !isSameValue(mine, kept))) return false
      compared += 1
    }
    return compared > 0
  }
}

/** The key if it is migrated; else every column but the one at fault. */
function decisive(row: KeptBack, planned: ReadonlySet<string>): string[] {
  const key = Object.keys(row.key)
  if (key.length > 0 && key.every((name) => planned.has(name)) && !key.includes(row.column ?? '')) return key
  return Object.keys(row.values).filter((name) => planned.has(name) && name !== row.column)
}

/** The same instant with another number of fractional digits, or the same number with another scale. */
function isSameValue(mine: string | null, kept: string | null): boolean {
  return mine !== null && kept !== null && plain(mine) === plain(kept)
}

function plain(text: string): string {
  const instant = /^(\d{4,}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(?:Z|\+00)?)?$/.exec(text)
  if (instant !== null) {
    const [, day = '', clock = '00:00:00', fraction = ''] = instant
    return `${day} ${clock}.${fraction.padEnd(6, '0')}`
  }
  const decimal = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text)
  if (decimal === null) return text
  const [, sign = '', whole = '', fraction = ''] = decimal
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}
