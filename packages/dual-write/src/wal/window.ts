/**
 * The smallest value of a first-in-first-out line, in constant time. Entries come with growing numbers and leave in that order; one that a later entry
 * undercuts can never be the smallest again, so it is forgotten at once.
 */
export class MinWindow<V extends number | bigint> {
  #numbers: number[] = []
  #values: V[] = []
  #head = 0

  push(number: number, value: V): void {
    while (this.#values.length > this.#head && (this.#values.at(-1) as V) >= value) {
      this.#values.pop()
      this.#numbers.pop()
    }
    this.#numbers.push(number)
    this.#values.push(value)
  }

  /** Forgets the entries with numbers up to `number`. */
  dropTo(number: number): void {
    while (this.#head < this.#numbers.length && (this.#numbers[this.#head] as number) <= number) this.#head++
    if (this.#head > 1024 && this.#head * 2 > this.#numbers.length) {
      this.#numbers = this.#numbers.slice(this.#head)
      this.#values = this.#values.slice(this.#head)
      this.#head = 0
    }
  }

  /** Undefined when nothing waits. */
  get min(): V | undefined {
    return this.#values[this.#head]
  }
}

/** The smaller of two, of which either may be missing. */
export function least<V extends number | bigint>(a: V | undefined, b: V | undefined): V | undefined {
  return a === undefined ? b : b === undefined || a < b ? a : b
}
