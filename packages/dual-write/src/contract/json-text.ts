/** JSON documents as text: what PostgreSQL accepts, and the form in which MySQL keeps them. */
import { refuse } from './codec.ts'
import type { ColumnContext } from './codec.ts'
import { decimalOf, rescale } from './decimal.ts'

/** PostgreSQL stops where its stack ends; MySQL at a hundred levels. */
const MAX_DEPTH = 4000
const MYSQL_DEPTH = 100
/** Behind it a number leaves the range of jsonb's numbers. */
const MAX_EXPONENT = 16_000

/** The document as text. Objects are written, text has to be JSON already. @throws Refusal */
export function documentText(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? refuse('no JSON value')
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return refuse('a value that JSON does not hold')
  }
}

export interface JsonRules {
  /** The target's jsonb refuses \u0000 and numbers beyond numeric. */
  jsonb: boolean
  /** The source is MySQL's own type, which keeps numbers as 64-bit integers and doubles. */
  mysql: boolean
}

/** The same document as both stores hold it; changed as little as possible. @throws Refusal */
export function checkedDocument(text: string, { jsonb, mysql }: JsonRules, lose: ColumnContext['lose']): string {
  try {
    JSON.parse(text)
  } catch {
    return refuse('text that is no JSON')
  }
  let depth = 0
  return text.replace(TOKEN, (token) => {
    const first = token.charAt(0)
    if (first === '{' || first === '[') {
      depth += 1
      if (depth > (mysql ? MYSQL_DEPTH : MAX_DEPTH)) refuse('JSON that is nested too deeply')
      return token
    }
    if (first === '}' || first === ']') {
      depth -= 1
      return token
    }
    if (first === '"') return checkedString(token, jsonb, lose)
    if (mysql) return mysqlNumber(token)
    if (jsonb && (token.length > MAX_EXPONENT || Math.abs(exponentOf(token)) > MAX_EXPONENT)) {
      refuse('a number beyond the range of jsonb')
    }
    return token
  })
}

/** Of a valid document: strings, numbers, brackets. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[[\]{}]/g

function checkedString(token: string, jsonb: boolean, lose: ColumnContext['lose']): string {
  if (!token.includes('\\u')) return token
  const text = JSON.parse(token) as string
  if (jsonb && text.includes('\0')) refuse('\\u0000, which jsonb does not hold')
  if (text.isWellFormed()) return token
  lose('HF-L004')
  return JSON.stringify(text.toWellFormed())
}

function exponentOf(token: string): number {
  return Number(/[eE]([+-]?\d+)$/.exec(token)?.[1] ?? 0)
}

/** Integers of 64 bits, signed or not, are exact; every other number is the nearest double. */
function mysqlNumber(token: string): string {
  if (/^-?\d+$/.test(token) && isInteger64(BigInt(token))) return token
  const double = Number(token)
  if (!Number.isFinite(double)) return refuse('a number beyond the range of a double')
  return Math.abs(exponentOf(token)) <= 400 && isExact(token, double) ? token : String(double)
}

function isInteger64(v: bigint): boolean {
  return v >= -(2n ** 63n) && v < 2n ** 64n
}

/** Whether the shortest text of the double is the same decimal. */
function isExact(token: string, double: number): boolean {
  const [a, b] = [decimalOf(token), decimalOf(double)]
  const scale = Math.max(a.scale, b.scale)
  return rescale(a, scale) === rescale(b, scale)
}

/** A checked document as MySQL prints it: keys by length and bytes, the last of equal ones, `, ` and `: ` between. */
export function mysqlForm(text: string): string {
  const open: Container[] = []
  let key: string | null = null
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[[\]{}:]/g)) {
    if (token === '{' || token === '[') {
      open.push({ key, members: token === '{' ? new Map() : null, items: [] })
      key = null
      continue
    }
    if (token === ':') continue
    let value = token
    if (token === '}' || token === ']') {
      const closed = open.pop()
      if (closed === undefined) break
      value = printed(closed)
      ;({ key } = closed)
    } else if (token.startsWith('"')) {
      const plain = JSON.parse(token) as string
      if (open.at(-1)?.members && key === null) {
        key = plain
        continue
      }
      value = JSON.stringify(plain)
    } else if (/^[-\d]/.test(token)) value = printedNumber(token)
    const holder = open.at(-1)
    if (holder === undefined) return value
    if (holder.members) holder.members.set(key ?? '', value)
    else holder.items.push(value)
    key = null
  }
  return refuse('text that is no JSON')
}

interface Container {
  key: string | null
  members: Map<string, string> | null
  items: string[]
}

function printed({ members, items }: Container): string {
  if (members === null) return `[${items.join(', ')}]`
  const sorted = [...members].map(([key, value]) => ({ key, value, bytes: Buffer.from(key, 'utf8') }))
  sorted.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes))
  return `{${sorted.map(({ key, value }) => `${JSON.stringify(key)}: ${value}`).join(', ')}}`
}

/** Integers as they are; doubles with the fewest digits, always so that they are told from integers. */
function printedNumber(token: string): string {
  if (/^-?\d+$/.test(token) && isInteger64(BigInt(token))) return BigInt(token).toString()
  const double = Number(token)
  const [mantissa = '', power = '0'] = Math.abs(double).toExponential().split('e')
  const sign = double < 0 || Object.is(double, -0) ? '-' : ''
  return sign + positive(mantissa.replace('.', ''), Number(power))
}

/** The servers' own choice between the two notations. */
function positive(digits: string, exponent: number): string {
  const rest = digits.slice(1)
  if (exponent < -15 || (exponent > 14 && digits.length <= exponent + 1)) {
    return `${digits.charAt(0)}${rest === '' ? '' : `.${rest}`}e${exponent}`
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  return `${digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')}.${digits.slice(exponent + 1) || '0'}`
}
