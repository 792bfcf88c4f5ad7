/** Binary COPY fields back into the canonical text of docs/design/0007, by code that only these tests have. */

/** Fields of each tuple. */
export function fieldsOf(bytes: Uint8Array, ends: Uint32Array): (Buffer | null)[][] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const tuples: (Buffer | null)[][] = []
  let at = 0
  for (const end of ends) {
    const count = all.readInt16BE(at)
    at += 2
    const fields: (Buffer | null)[] = []
    for (let i = 0; i < count; i += 1) {
      const length = all.readInt32BE(at)
      at += 4
      fields.push(length < 0 ? null : all.subarray(at, at + length))
      at += Math.max(0, length)
    }
    if (at !== end) throw new Error(`tuple ends at ${at}, not at ${end}`)
    tuples.push(fields)
  }
  return tuples
}

/** `type` is the base name of the target type. */
export function canonical(field: Buffer | null, type: string): string | null {
  if (field === null) return null
  switch (type) {
    case 'smallint':
      return String(field.readInt16BE())
    case 'integer':
      return String(field.readInt32BE())
    case 'bigint':
      return String(field.readBigInt64BE())
    case 'numeric':
      return numeric(field)
    case 'real':
      return float(field.readFloatBE())
    case 'double precision':
      return float(field.readDoubleBE())
    case 'boolean':
      return String(field[0])
    case 'date':
      return iso(BigInt(field.readInt32BE() + 10957) * 86_400_000_000n).slice(0, -16)
    case 'timestamp':
    case 'timestamptz':
      return iso(field.readBigInt64BE() + 946_684_800_000_000n)
    case 'time':
      return field.readBigInt64BE() === 86_400_000_000n ? '24:00:00.000000' : iso(field.readBigInt64BE()).slice(-15)
    case 'uuid':
      return field.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    case 'jsonb':
      return field.subarray(1).toString('hex')
    default:
      return field.toString('hex')
  }
}

function numeric(field: Buffer): string {
  const [count, weight, sign] = [field.readInt16BE(0), field.readInt16BE(2), field.readUInt16BE(4)]
  const special = { 0xc000: 'NaN', 0xd000: 'Infinity', 0xf000: '-Infinity' }[sign]
  if (special) return special
  let value = 0n
  for (let i = 0; i < count; i += 1) value = value * 10000n + BigInt(field.readInt16BE(8 + i * 2))
  const places = (count - 1 - weight) * 4
  const digits = places > 0 ? value.toString().padStart(places + 1, '0') : (value * 10n ** BigInt(-places)).toString()
  const text = places > 0 ? `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '') : digits
  return sign === 0x4000 && text !== '0' ? `-${text}` : text
}

function float(value: number): string {
  if (Object.is(value, -0)) return '-0e0'
  return Number.isFinite(value) ? value.toExponential().replace('e+', 'e') : String(value)
}

function iso(micros: bigint): string {
  const second = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n)
  const fraction = String(micros - second * 1_000_000n).padStart(6, '0')
  const cycles = second > 8_000_000_000_000n ? 50n : 0n
  const text = new Date(Number(second - cycles * 12_622_780_800n) * 1000).toISOString().slice(0, -5)
  const [, sign = '', year = '', rest = ''] = /^([+-]?)(\d+)(-.*)$/.exec(text) ?? []
  const number = Number(sign + year) + Number(cycles) * 400
  return `${number < 0 ? '-' : ''}${String(Math.abs(number)).padStart(4, '0')}${rest}.${fraction}`
}
