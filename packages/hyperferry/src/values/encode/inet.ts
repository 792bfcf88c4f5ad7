/** Text of an IP address, strictly: no octal, no abbreviated forms. */

export interface InetAddress {
  /** 4 or 16 */
  bytes: Uint8Array
  prefix: number
}

/** null when the text is no address. */
export function parseInet(text: string): InetAddress | null {
  const match = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text.trim())
  if (!match) return null
  const [, address = '', given] = match
  const bytes = address.includes(':') ? parseV6(address) : parseV4(address)
  if (bytes === null) return null
  const width = bytes.length * 8
  const prefix = given === undefined ? width : Number(given)
  return prefix <= width ? { bytes, prefix } : null
}

function parseV4(text: string): Uint8Array | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null
  return Uint8Array.from(parts, Number)
}

function parseV6(text: string): Uint8Array | null {
  let groups = text
  const dotted = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text)
  if (dotted) {
    const v4 = parseV4(dotted[2] ?? '')
    if (v4 === null) return null
    const hex = Buffer.from(v4).toString('hex')
    groups = `${dotted[1] ?? ''}${hex.slice(0, 4)}:${hex.slice(4)}`
  }
  const halves = groups.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const written = [...(head ?? []), ...(tail ?? [])]
  if (!written.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  // `::` stands for at least one group.
  const missing = 8 - written.length
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const all = tail === undefined ? written : [...(head ?? []), ...Array<string>(missing).fill('0'), ...tail]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
