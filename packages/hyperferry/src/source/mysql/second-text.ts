/** Last steps of canonical text, on text only. Part of the second opinion: it must not import encoders or the transcoder. */
import type { ColumnRules } from '../../model.ts'

/** `007.500` and `1.5e3` as plain decimals without superfluous zeros. */
export function plainNumber(text: string): string {
  const match = /^(-?)(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/i.exec(text.trim())
  if (!match) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const shift = Number(exponent)
  const digits = whole + fraction
  const point = whole.length + shift
  const all = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0')
  const cut = Math.max(point, 1)
  const head = all.slice(0, cut).replace(/^0+(?=\d)/, '')
  const tail = all.slice(cut).replace(/0+$/, '')
  const plain = tail === '' ? head : `${head}.${tail}`
  return plain === '0' ? '0' : `${sign}${plain}`
}

/** Cuts a fraction of six digits to `digits` and fills up with zeros. */
export function floorFraction(text: string, digits: number): string {
  const point = text.indexOf('.')
  if (point === -1) return text
  return `${text.slice(0, point + 1)}${text.slice(point + 1, point + 1 + digits).padEnd(6, '0')}`
}

const TIME = /^(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/

/** `HH:MM:SS.ffffff`. */
export function timeOfDay(text: string, digits: number): string {
  const match = TIME.exec(text)
  if (!match) return text
  const [, sign = '', hours = '', minutes, seconds, fraction = ''] = match
  return floorFraction(`${sign}${hours.padStart(2, '0')}:${minutes}:${seconds}.${fraction.padEnd(6, '0')}`, digits)
}

/** Microseconds, floored to `digits`. */
export function intervalMicros(text: string, digits: number): string {
  const match = TIME.exec(text)
  if (!match) return text
  const [, sign, hours = '', minutes = '', seconds = '', fraction = ''] = match
  const whole = BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000n
  const micros = (whole + BigInt(fraction.padEnd(6, '0'))) * (sign === '-' ? -1n : 1n)
  const unit = 10n ** BigInt(6 - digits)
  const rest = ((micros % unit) + unit) % unit
  return String(micros - rest)
}

/** Hex of `a,b` as `{61,62}`; the empty set is `{}`. */
export function members(hex: string): string {
  const parts = hex === '' ? [] : Buffer.from(hex, 'hex').toString('latin1').split(',')
  return `{${parts.map((part) => Buffer.from(part, 'latin1').toString('hex')).join(',')}}`
}

/** 32 hex digits with hyphens; `swapped` as UUID_TO_BIN(x, 1) stores it; 72 are the hex of its text. */
export function uuidOfHex(hex: string, swapped: boolean): string {
  if (hex.length === 72) return Buffer.from(hex, 'hex').toString('latin1').toLowerCase()
  const h = swapped ? hex.slice(8, 16) + hex.slice(4, 8) + hex.slice(0, 4) + hex.slice(16) : hex
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`
}

/** `SRID HEX`, the hex being the stored form (SRID, then WKB), as EWKB. */
export function ewkb(text: string): string {
  const [srid = '0', hex = ''] = text.toLowerCase().split(' ')
  const wkb = hex.slice(8)
  if (srid === '0') return wkb
  const flagged = (Number.parseInt(wkb.slice(8, 10), 16) | 0x20).toString(16).padStart(2, '0')
  const number = Buffer.alloc(4)
  number.writeUInt32LE(Number(srid))
  return `${wkb.slice(0, 8)}${flagged}${number.toString('hex')}${wkb.slice(10)}`
}

/** Text as the rules for NUL and bad encoding make it; hex in, hex out. */
export function repairedText(hex: string, { nul, invalidText }: ColumnRules): string {
  const bytes = Buffer.from(hex, 'hex')
  const valid = bytes.equals(Buffer.from(bytes.toString('utf8'), 'utf8'))
  let text = bytes.toString('utf8')
  if (!valid) {
    if (invalidText === undefined || invalidText === 'quarantine') return hex
    text = new TextDecoder(invalidText === 'replace' ? 'utf-8' : 'windows-1252', { ignoreBOM: true }).decode(bytes)
  }
  if (nul === 'strip') text = text.replaceAll('\0', '')
  if (nul === 'replace') text = text.replaceAll('\0', '\uFFFD')
  return Buffer.from(text, 'utf8').toString('hex')
}
