/** Where rows end, by PostgreSQL's own rule: a quote anywhere toggles, an escape only counts inside of quotes and in front of a quote or itself. */
import { CR, LF } from './dialect.ts'
import type { RowSyntax } from './dialect.ts'

/** After so many quotes per byte looking at each byte is faster than jumping from quote to quote. */
const DENSE = 48

/** Counts rows and finds their ends in a text that comes in blocks. Begins outside of quotes. */
export class RowScanner {
  readonly #syntax: RowSyntax
  readonly #endByte: number
  #quoted = false
  #escaped = false
  /** Last byte of the block before. */
  #previous = 0
  #rows = 0
  /** Most rows that may be counted. */
  #most = Number.POSITIVE_INFINITY

  readonly #ends: number[] | null

  /** `ends` gets the index behind each row end within its block. */
  constructor(syntax: RowSyntax, ends: number[] | null = null) {
    this.#syntax = syntax
    this.#ends = ends
    this.#endByte = syntax.rowEnd === 'cr' ? CR : LF
  }

  /** Row ends seen so far. */
  get rows(): number {
    return this.#rows
  }

  /** The index behind the last row end of `block`, 0 when it has none. Does not look further once `most` rows were counted in all. */
  push(block: Buffer, most: number = Number.POSITIVE_INFINITY): number {
    this.#most = most
    const end = this.#scan(block)
    this.#previous = (this.#rows < most ? block.at(-1) : block[end - 1]) ?? this.#previous
    return end
  }

  /** Jumps from quote to quote; hands over to `#eachByte` where quotes are many or escapes matter. */
  #scan(block: Buffer): number {
    const { quote, escape } = this.#syntax
    let at = 0
    let end = 0
    for (let jumps = 0; at < block.length && this.#rows < this.#most; jumps += 1) {
      if (this.#quoted && escape !== quote) return this.#eachByte(block, at, end)
      const found = block.indexOf(quote, at)
      const stop = found < 0 ? block.length : found
      if (!this.#quoted) end = this.#plain(block, at, stop) || end
      if (found < 0 || this.#rows >= this.#most) return end
      this.#quoted = !this.#quoted
      at = found + 1
      if (jumps * DENSE > at) return this.#eachByte(block, at, end)
    }
    return end
  }

  /** Row ends in a stretch without quotes. */
  #plain(block: Buffer, from: number, to: number): number {
    let end = 0
    let at = from
    while (this.#rows < this.#most) {
      const found = block.indexOf(this.#endByte, at)
      if (found < 0 || found >= to) return end
      at = found + 1
      if (!this.#isEnd(block, found)) continue
      this.#rows += 1
      this.#ends?.push(at)
      end = at
    }
    return end
  }

  #eachByte(block: Buffer, from: number, before: number): number {
    const { quote, escape } = this.#syntax
    const endByte = this.#endByte
    const special = escape !== quote
    let quoted = this.#quoted
    let escaped = this.#escaped
    let end = before
    for (let at = from; at < block.length; at += 1) {
      const byte = block[at]
      if (special) {
        if (quoted && byte === escape) escaped = !escaped
        if (byte === quote && !escaped) quoted = !quoted
        if (byte !== escape) escaped = false
      } else if (byte === quote) quoted = !quoted
      if (byte !== endByte || quoted || !this.#isEnd(block, at)) continue
      this.#rows += 1
      end = at + 1
      this.#ends?.push(end)
      if (this.#rows >= this.#most) break
    }
    this.#quoted = quoted
    this.#escaped = escaped
    return end
  }

  #isEnd(block: Buffer, at: number): boolean {
    if (this.#syntax.rowEnd !== 'crlf') return true
    return (at === 0 ? this.#previous : block[at - 1]) === CR
  }
}
