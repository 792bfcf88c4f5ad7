/** JSON by value: equal documents, to jsonb, are equal texts. */

/**
 * Keys sorted by code unit with the last duplicate kept, numbers as exact decimals without exponent and superfluous zeros, no white space.
 * The text must be valid JSON; it comes from PostgreSQL or was checked on the way there.
 */
export function canonicalJson(text: string): string {
  const open: Container[] = []
  let key = ''
  TOKEN.lastIndex = 0
  for (;;) {
    const token = TOKEN.exec(text)?.[1]
    if (token === undefined) throw new SyntaxError('JSON ends too early')
    const top = open.at(-1)
    let value: string
    switch (token) {
      case '{':
        open.push({ key, members: new Map(), items: null })
        continue
      case '[':
        open.push({ key, members: null, items: [] })
        continue
      case ',':
        continue
      case '}':
      case ']': {
        if (top === undefined) throw new SyntaxError('JSON closes what is not open')
        open.pop()
        value = write(top)
        ;({ key } = top)
        break
      }
      default:
        if (token.startsWith('"')) {
          const plain = unquote(token)
          // In an object every other string is a key.
          if (top?.members && nextIsColon(text)) {
            key = plain
            continue
          }
          value = JSON.stringify(plain)
        } else value = canonicalWord(token)
    }
    const holder = open.at(-1)
    if (holder === undefined) return value
    if (holder.members) holder.members.set(key, value)
    else holder.items.push(value)
  }
}

type Container =
  { key: string; members: Map<string, string>; items: null } | { key: string; members: null; items: string[] }

const TOKEN = /[\s:]*([{}[\],]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+)/gsy
const COLON = /\s*:/sy

function nextIsColon(text: string): boolean {
  COLON.lastIndex = TOKEN.lastIndex
  return COLON.test(text)
}

function unquote(token: string): string {
  return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1)
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

/** `1.50e2` is `150`, `-0.0` is `0`, `1e-3` is `0.001`. */
export function canonicalNumber(token: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token)
  if (!match) throw new SyntaxError('not a JSON number')
  const [, sign = '', integral = '', fraction = '', exponent = '0'] = match
  const digits = integral + fraction
  const point = integral.length + Number(exponent)
  // Zeros on the side that the point moved to.
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  const rest = point < 0 ? '0'.repeat(-point) + digits : digits.slice(point)
  const bare = whole.replace(/^0+(?=\d)/, '')
  const tail = rest.replace(/0+$/, '')
  if (bare === '0' && tail === '') return '0'
  return `${sign}${bare}${tail === '' ? '' : `.${tail}`}`
}
