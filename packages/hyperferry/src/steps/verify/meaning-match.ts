// Part of the second opinion: it must not import values/encode, values/normalise or values/digest (a test reads the imports).
import type { MeaningDifference } from './document.ts'
import type { TextPlace, TextRow } from './meaning-target.ts'
import { comparable, lastStep } from './meaning-text.ts'
import type { LastStep } from './meaning-text.ts'

/** One source row that waits for its counterpart. */
interface Waiting {
  texts: TextRow
  form: TextRow
  class: string
}

/** Rows of the source, crossed off one by one as the target shows the same. What is left over differs. */
export class Matching {
  readonly #place: TextPlace
  readonly #steps: LastStep[]
  readonly #waiting = new Map<string, Waiting[]>()
  readonly #relatives = new Set<string>()
  readonly #others: { texts: TextRow; form: TextRow }[] = []
  readonly #whole: boolean
  /** Target rows without counterpart, also those that were not kept. */
  #unmatched = 0

  /** `whole`: the target's rows are exactly those of the source's slice, so a target row without counterpart is one too many. */
  constructor(place: TextPlace, options: { whole: boolean }) {
    this.#place = place
    this.#steps = place.columns.map((column) => lastStep(column.type))
    this.#whole = options.whole
  }

  want(texts: TextRow, className: string): void {
    const form = this.#formOf(texts)
    const name = JSON.stringify(form)
    const same = this.#waiting.get(name)
    if (same === undefined) this.#waiting.set(name, [{ texts, form, class: className }])
    else same.push({ texts, form, class: className })
    this.#relatives.add(this.#relation(form))
  }

  /** A row of the target. */
  meet(texts: TextRow): void {
    const form = this.#formOf(texts)
    const name = JSON.stringify(form)
    const same = this.#waiting.get(name)
    if (same !== undefined) {
      same.pop()
      if (same.length === 0) this.#waiting.delete(name)
      return
    }
    this.#unmatched += 1
    // Rows that cannot explain a difference need not be remembered.
    if (this.#others.length < KEPT && (this.#whole || this.#relatives.has(this.#relation(form)))) {
      this.#others.push({ texts, form })
    }
  }

  /** Source rows still without counterpart. */
  get left(): TextRow[] {
    return [...this.#waiting.values()].flat().map((each) => each.texts)
  }

  /** Rows that are right not to be there. */
  excuse(isExcused: (texts: TextRow) => boolean): void {
    for (const [name, same] of this.#waiting) {
      const rest = same.filter((each) => !isExcused(each.texts))
      if (rest.length === 0) this.#waiting.delete(name)
      else this.#waiting.set(name, rest)
    }
  }

  /**
   * How many rows differ, and the columns of the first `limit` of them. `withExtra` false leaves out target rows that no source row explains.
   * `fixed`: target rows that stand in the place of excused ones, by a person's decision.
   */
  differences(options: { showValues: boolean; withExtra: boolean; fixed: number; limit: number }): {
    rows: number
    shown: MeaningDifference[]
  } {
    const others = new Map<string, { texts: TextRow; form: TextRow }[]>()
    for (const other of this.#others) {
      const relation = this.#relation(other.form)
      const related = others.get(relation)
      if (related === undefined) others.set(relation, [other])
      else related.push(other)
    }
    const waiting = [...this.#waiting.values()].flat()
    const shown: MeaningDifference[] = []
    for (const each of waiting.slice(0, options.limit)) {
      const other = takeNearest(others.get(this.#relation(each.form)), each.form)
      if (other === null) shown.push(this.#alone('missing', each))
      else shown.push(...this.#changed(each, other, options.showValues))
    }
    // Every source row left over explains one target row left over.
    const extra = this.#whole && options.withExtra ? Math.max(0, this.#unmatched - waiting.length - options.fixed) : 0
    const alone = extra === 0 ? [] : [...others.values()].flat().slice(0, Math.min(extra, options.limit))
    shown.push(...alone.map((each) => this.#alone('extra', { ...each, class: 'sample' })))
    return { rows: waiting.length + extra, shown }
  }

  #changed(waiting: Waiting, other: { form: TextRow }, showValues: boolean): MeaningDifference[] {
    const places = [...waiting.form.keys()].filter((index) => waiting.form[index] !== other.form[index])
    return places.map((index) => ({
      kind: 'changed',
      class: waiting.class,
      key: this.#keyOf(waiting.texts),
      column: this.#place.columns[index]?.name ?? '',
      ...(showValues ? { source: waiting.form[index] ?? null, target: other.form[index] ?? null } : {}),
    }))
  }

  #alone(kind: 'missing' | 'extra', row: { texts: TextRow; class: string }): MeaningDifference {
    return { kind, class: row.class, key: this.#keyOf(row.texts), column: null }
  }

  #keyOf(texts: TextRow): Record<string, string | null> {
    const places = this.#place.key ?? (this.#place.axis === null ? [] : [this.#place.axis])
    return Object.fromEntries(places.map((index) => [this.#place.columns[index]?.name ?? '', texts[index] ?? null]))
  }

  /** Rows of the same relation may be two readings of one row. */
  #relation(form: TextRow): string {
    const places = this.#place.key ?? (this.#place.axis === null ? [] : [this.#place.axis])
    return JSON.stringify(places.map((index) => form[index]))
  }

  #formOf(texts: TextRow): TextRow {
    return texts.map((text, index) => comparable(this.#steps[index] ?? 'none', text))
  }
}

/** Target rows without counterpart that are remembered, for naming the column that differs. */
const KEPT = 5000

/** The row with the fewest other columns, taken out of the list. */
function takeNearest<T extends { form: TextRow }>(candidates: T[] | undefined, form: TextRow): T | null {
  if (candidates === undefined) return null
  let best = -1
  let fewest = Infinity
  for (const [index, candidate] of candidates.entries()) {
    const different = form.filter((text, place) => text !== candidate.form[place]).length
    if (different < fewest) [best, fewest] = [index, different]
  }
  return best < 0 ? null : (candidates.splice(best, 1)[0] ?? null)
}
