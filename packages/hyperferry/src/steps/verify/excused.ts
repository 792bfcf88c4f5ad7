/** Rows in quarantine: in the source, rightly not in the target. They are recognised by their text, as no key is sure to survive. */
import type { PlannedTable } from '../../model.ts'
import { isSameValue, plain } from '../../values/same-text.ts'

/** The parts of a quarantined row that are looked at; names are the source's. */
export interface KeptBack {
  /** `fix`: another row is in the target in its place. */
  how: 'open' | 'fix' | 'discard'
  column: string | null
  key: Record<string, string | null>
  values: Record<string, string | null>
}

/** Text of a row's column by its source name; undefined when the forms cannot be compared. */
export type RowText = (sourceColumn: string) => string | null | undefined

/** Each quarantined row excuses one missing row, once. */
export class Excused {
  /** By the text of the first column that decides, so that many rows are searched fast. */
  readonly #rows = new Map<string, Candidate[]>()
  readonly #firsts = new Set<string>()
  #left = 0
  /** Where `007` is not `7`. */
  readonly #verbatim: ReadonlySet<string>

  constructor(table: PlannedTable, rows: readonly KeptBack[]) {
    const planned = new Set(table.columns.map((column) => column.source))
    const texts = table.columns.filter((column) => /text|char|json/i.test(column.type))
    this.#verbatim = new Set(texts.map((column) => column.source))
    for (const row of rows) {
      const columns = decisive(row, planned)
      const [first = ''] = columns
      this.#firsts.add(first)
      const name = placeOf(first, textOf(row, first) ?? null)
      const same = this.#rows.get(name)
      if (same === undefined) this.#rows.set(name, [{ row, columns }])
      else same.push({ row, columns })
      this.#left += 1
    }
  }

  get left(): number {
    return this.#left
  }

  /** Takes the quarantined row that this text belongs to; null when there is none. */
  take(text: RowText): KeptBack | null {
    for (const first of this.#firsts) {
      const mine = text(first)
      const near = this.#rows.get(placeOf(first, mine ?? null))
      const lists = mine === undefined ? [...this.#rows.values()] : near === undefined ? [] : [near]
      for (const list of lists) {
        const index = list.findIndex(({ row, columns }) => this.#isSame(row, columns, text))
        if (index < 0) continue
        this.#left -= 1
        return list.splice(index, 1)[0]?.row ?? null
      }
    }
    return null
  }

  #isSame(row: KeptBack, columns: readonly string[], text: RowText): boolean {
    let compared = 0
    for (const name of columns) {
      const mine = text(name)
      const kept = textOf(row, name)
      if (mine === undefined || kept === undefined) continue
      if (mine !== kept && (this.#verbatim.has(name) || !isSameValue(mine, kept))) return false
      compared += 1
    }
    return compared > 0
  }
}

interface Candidate {
  row: KeptBack
  columns: string[]
}

function placeOf(column: string, text: string | null): string {
  return `${column} ${text === null ? 'null' : `= ${plain(text)}`}`
}

function textOf(row: KeptBack, column: string): string | null | undefined {
  return row.key[column] === undefined ? row.values[column] : row.key[column]
}

/** The key if it is migrated; else every column but the one at fault. */
function decisive(row: KeptBack, planned: ReadonlySet<string>): string[] {
  const key = Object.keys(row.key)
  if (key.length > 0 && key.every((name) => planned.has(name)) && !key.includes(row.column ?? '')) return key
  return Object.keys(row.values).filter((name) => planned.has(name) && name !== row.column)
}
