/** One text for one value, whichever engine printed it. The type of the target's column says what the value is. */

/** `exact` numbers are integers and decimals, `double` and `single` floats. */
export type Kind = 'exact' | 'double' | 'single' | 'boolean' | 'time' | 'bytes' | 'text'

const KINDS: Readonly<Record<number, Kind>> = {
  16: 'boolean',
  17: 'bytes',
  20: 'exact',
  21: 'exact',
  23: 'exact',
  26: 'exact',
  1700: 'exact',
  700: 'single',
  701: 'double',
  1082: 'time',
  1114: 'time',
  1184: 'time',
}

/** Kind of a PostgreSQL type. */
export function kindOf(oid: number): Kind {
  return KINDS[oid] ?? 'text'
}

/** Canonical text; a value that is not of the kind stays as it is, and so is different from all that are. */
export function canonical(value: string | null, kind: Kind): string | null {
  if (value === null) return null
  if (kind === 'boolean') return BOOLEANS[value.toLowerCase()] ?? value
  if (kind === 'time') return time(value)
  if (kind === 'bytes') return value.startsWith('\\x') ? value : `\\x${Buffer.from(value, 'utf8').toString('hex')}`
  return kind === 'text' ? value : decimal(value)
}

const BOOLEANS: Readonly<Record<string, string>> = { '1': '1', t: '1', true: '1', '0': '0', f: '0', false: '0' }

/** Exponents beyond this are no numbers of a database; writing them out would fill the memory. */
const MAX_EXPONENT = 20_000

/** `1.0`, `1e0`, `+1` → `1`; `-0` → `0`. */
function decimal(text: string): string {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text.trim())
  if (match === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const shift = Number(exponent)
  if (whole + fraction === '' || Math.abs(shift) > MAX_EXPONENT) return text
  const point = whole.length + shift
  const digits = (whole + fraction)
    .padEnd(point, '0')
    .padStart(whole.length + fraction.length - Math.min(point, 0), '0')
  const at = Math.max(point, 0)
  const left = digits.slice(0, at).replace(/^0+/, '')
  const right = digits.slice(at).replace(/0+$/, '')
  const body = `${left === '' ? '0' : left}${right === '' ? '' : `.${right}`}`
  return sign === '-' && body !== '0' ? `-${body}` : body
}

/** `2024-01-01`, `2024-01-01 00:00:00.000`, `2024-01-01T01:00:00+01` → `2024-01-01 00:00:00`, in UTC. */
function time(text: string): string {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(text)
  if (match === null) return text
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute) - zoneMinutes(zone),
    Number(second),
  )
  const rest = fraction.replace(/0+$/, '')
  const base = new Date(ms)
  if (Number(year) >= 100) return stamp(base, rest)
  return text
}

function stamp(instant: Date, fraction: string): string {
  return `${instant.toISOString().slice(0, 19).replace('T', ' ')}${fraction === '' ? '' : `.${fraction}`}`
}

function zoneMinutes(zone: string): number {
  if (zone === 'Z') return 0
  const size = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || '0')
  return zone.startsWith('-') ? -size : size
}

const TOLERANCE = { double: 1e-12, single: 1e-6 } as const
/** Significant digits from which a number that is no integer is taken for a float's. */
const FLOAT_DIGITS = 15

/** Whether two canonical texts are the same value: exactly, and floats up to the noise of adding them in another order. */
export function same(a: string | null, b: string | null, kind: Kind): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  if (kind === 'single' || kind === 'double') return near(a, b, TOLERANCE[kind])
  return kind === 'exact' && (long(a) || long(b)) && near(a, b, TOLERANCE.double)
}

function long(text: string): boolean {
  return text.includes('.') && text.replace(/^[-0.]+/, '').replace('.', '').length >= FLOAT_DIGITS
}

function near(a: string, b: string, tolerance: number): boolean {
  const [x, y] = [Number(a), Number(b)]
  return Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y))
}
