// Part of the second opinion: it must not import values/encode, values/normalise or values/digest (a test reads the imports).

/**
 * One text for all JSON texts of the same value: object keys sorted by code unit with the last duplicate kept, numbers as exact decimals
 * (`digits e exponent`, so `1.50`, `15e-1` and `1.5` agree, and −0 is 0), strings unescaped, no white space.
 * null when the text is no JSON.
 */
export function jsonValue(text: string): string | null {
  const parser = new Parser(text)
  try {
    return parser.document()
  } catch (error) {
    // Nested so deeply that the stack ends: such a text is compared as it stands.
    if (error instanceof NotJson || error instanceof SyntaxError || error instanceof RangeError) return null
    throw error
  }
}

class NotJson extends Error {}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y
const WORDS = ['true', 'false', 'null'] as const

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): string {
    const value = this.#value()
    if (this.#at !== this.#text.length) throw new NotJson()
    return value
  }

  #value(): string {
    this.#match(SPACE)
    const value = this.#bare()
    this.#match(SPACE)
    return value
  }

  #bare(): string {
    const first = this.#text[this.#at]
    if (first === '{') return this.#object()
    if (first === '[') return this.#array()
    if (first === '"') return this.#string()
    for (const word of WORDS) if (this.#text.startsWith(word, this.#at)) return this.#skip(word)
    return exactNumber(this.#need(NUMBER))
  }

  #object(): string {
    this.#skip('{')
    const members = new Map<string, string>()
    this.#match(SPACE)
    if (this.#text[this.#at] !== '}') {
      do {
        this.#match(SPACE)
        const key = this.#string()
        this.#match(SPACE)
        if (!this.#taken(':')) throw new NotJson()
        members.set(key, this.#value())
      } while (this.#taken(','))
    }
    if (!this.#taken('}')) throw new NotJson()
    // Compared as JavaScript strings are: by code unit, the same on every machine.
    const sorted = [...members].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${sorted.map(([key, value]) => `${key}:${value}`).join(',')}}`
  }

  #array(): string {
    this.#skip('[')
    const items: string[] = []
    this.#match(SPACE)
    if (this.#text[this.#at] !== ']')
      do items.push(this.#value())
      while (this.#taken(','))
    if (!this.#taken(']')) throw new NotJson()
    return `[${items.join(',')}]`
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') throw new NotJson()
    let end = this.#at + 1
    while (this.#text[end] !== '"') {
      if (end >= this.#text.length) throw new NotJson()
      end += this.#text[end] === '\\' ? 2 : 1
    }
    const token = this.#text.slice(this.#at, end + 1)
    this.#at = end + 1
    // JSON.parse of one string token is exact, lone surrogates included; stringify writes each string in one way only.
    return JSON.stringify(JSON.parse(token))
  }

  #taken(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false
    this.#at += 1
    return true
  }

  #skip<T extends string>(word: T): T {
    this.#at += word.length
    return word
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found === null) return null
    this.#at = pattern.lastIndex
    return found[0]
  }

  #need(pattern: RegExp): string {
    const found = this.#match(pattern)
    if (found === null) throw new NotJson()
    return found
  }
}

/** `-12.50e3` → `-125e2`: significant digits and a decimal exponent, both exact. */
function exactNumber(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)
  return `${sign}${significant}e${power}`
}
