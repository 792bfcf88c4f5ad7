/** JSON by value: equal documents, to jsonb, are equal texts. */

/**
 * Keys sorted by code unit with the last duplicate kept, strings with one way of escaping, numbers as `canonicalNumber`, no white space.
 * The text must be valid JSON; it comes from PostgreSQL or was checked on the way there. Iterative: depth is data.
 */
export function canonicalJson(text: string): string {
  const open: Container[] = []
  let key = ''
  let at = 0
  for (;;) {
    at = skipBetween(text, at)
    const c = text.charCodeAt(at)
    let value: string
    if (c === OBJECT || c === ARRAY) {
      open.push(c === OBJECT ? { key, members: new Map(), items: null } : { key, members: null, items: [] })
      at += 1
      continue
    } else if (c === OBJECT_END || c === ARRAY_END) {
      const top = open.pop()
      if (top === undefined) throw new SyntaxError('JSON closes what is not open')
      value = write(top)
      ;({ key } = top)
      at += 1
    } else if (c === QUOTE) {
      const end = stringEnd(text, at)
      const plain = unquote(text, at, end)
      at = skipSpace(text, end)
      if (text.charCodeAt(at) === COLON) {
        key = plain
        at += 1
        continue
      }
      value = JSON.stringify(plain)
    } else {
      const end = wordEnd(text, at)
      value = canonicalWord(text.slice(at, end))
      at = end
    }
    const holder = open.at(-1)
    if (holder === undefined) return value
    if (holder.members) holder.members.set(key, value)
    else holder.items.push(value)
  }
}

type Container =
  { key: string; members: Map<string, string>; items: null } | { key: string; members: null; items: string[] }

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const ARRAY = 0x5b
const BACKSLASH = 0x5c
const ARRAY_END = 0x5d
const OBJECT = 0x7b
const OBJECT_END = 0x7d

function skipSpace(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) <= 0x20) at += 1
  return at
}

/** White space and the comma before a value: the document is valid, so commas say nothing. */
function skipBetween(text: string, from: number): number {
  let at = skipSpace(text, from)
  while (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  return at
}

/** Behind the closing quote of the string that starts at `from`. */
function stringEnd(text: string, from: number): number {
  let at = from + 1
  for (;;) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) return at + 1
    if (Number.isNaN(c)) throw new SyntaxError('JSON ends within a string')
    at += c === BACKSLASH ? 2 : 1
  }
}

function unquote(text: string, start: number, end: number): string {
  const inside = text.slice(start + 1, end - 1)
  return inside.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : inside
}

function wordEnd(text: string, from: number): number {
  let at = from
  for (; at < text.length; at += 1) {
    const c = text.charCodeAt(at)
    if (c <= 0x20 || c === COMMA || c === ARRAY_END || c === OBJECT_END) break
  }
  return at
}

function write(container: Container): string {
  if (container.items) return `[${container.items.join(',')}]`
  const members = [...container.members].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`
}

function canonicalWord(token: string): string {
  if (token === 'true' || token === 'false' || token === 'null') return token
  return canonicalNumber(token)
}

/**
 * The digits without zeros at either end, and the power of ten if there is one: `1.50e2` is `15e1`, `-0.0` is `0`, `1e-3` is `1e-3`.
 * Exact, and never longer than what it stands for: `1e100000` must not become a hundred thousand zeros.
 */
export function canonicalNumber(token: string): string {
  const match = /^(-?)0*(\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token)
  if (!match || token === '') throw new SyntaxError('not a JSON number')
  const [, sign = '', integral = '', fraction = '', exponent = '0'] = match
  const digits = integral + fraction
  let first = 0
  let last = digits.length
  while (last > 0 && digits.charCodeAt(last - 1) === 0x30) last -= 1
  if (last === 0) return '0'
  while (digits.charCodeAt(first) === 0x30) first += 1
  const power = Number(exponent) - fraction.length + digits.length - last
  return `${sign}${digits.slice(first, last)}${power === 0 ? '' : `e${power}`}`
}
