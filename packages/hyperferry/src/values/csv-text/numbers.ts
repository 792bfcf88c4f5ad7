/** numeric and floats as text. */
import type { Scratch } from '../scratch.ts'
import type { Place } from './field-text.ts'

/** Groups of base 10000 with a weight, and the display scale, which is kept: `1.50` stays `1.50`. */
export function numericText(_bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  const sign = view.getUint16(start + 4)
  if (sign >= 0xc000) {
    to.ascii(sign === 0xc000 ? 'NaN' : sign === 0xd000 ? 'Infinity' : '-Infinity')
    return
  }
  const groups = view.getUint16(start)
  const weight = view.getInt16(start + 2)
  const scale = view.getUint16(start + 6)
  const group = (place: number): number => (place >= 0 && place < groups ? view.getUint16(start + 8 + place * 2) : 0)
  if (sign === 0x4000) to.ascii('-')
  to.ascii(String(weight < 0 ? 0 : group(0)))
  for (let place = 1; place <= weight; place += 1) to.ascii(fourDigits(group(place)))
  if (scale === 0) return
  to.ascii('.')
  let left = scale
  for (let place = weight + 1; left > 0; place += 1, left -= 4) {
    const digits = fourDigits(group(place))
    to.ascii(left >= 4 ? digits : digits.slice(0, left))
  }
}

function fourDigits(group: number): string {
  return String(group).padStart(4, '0')
}

/** The shortest digits that are this number and no other. */
export function float8Text(_bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  const value = view.getFloat64(start)
  to.ascii(Object.is(value, -0) ? '-0' : String(value))
}

/** The same among floats of four bytes: `0.1` and not `0.10000000149011612`. */
export function float4Text(_bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  const value = view.getFloat32(start)
  to.ascii(Object.is(value, -0) ? '-0' : Number.isFinite(value) ? shortest(value) : String(value))
}

function shortest(value: number): string {
  for (let digits = 6; digits < 10; digits += 1) {
    const text = String(Number(value.toPrecision(digits)))
    if (reads(Number(text), value)) return text
  }
  return String(value)
}

/**
 * Whether the server's strtof surely makes `value` of a decimal that is `double` to us. It rounds once, we round twice: a decimal right beside the middle of two
 * floats may become that middle here, and then the wrong one of the two.
 */
function reads(double: number, value: number): boolean {
  if (Math.fround(double) !== value) return false
  const mirrored = 2 * double - value
  return mirrored === value || Math.fround(mirrored) !== mirrored
}
