/** Text of an IP address, strictly: no octal, no abbreviated forms. */

/** null when the text is no address. */
export function addressBytes(text: string): { bytes: Uint8Array; prefix: number } | null {
  const match = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text.trim())
  if (!match) return null
  const [, address = '', given] = match
  const bytes = address.includes(':') ? version6(address) : version4(address)
  if (bytes === null) return null
  const width = bytes.length * 8
  const prefix = given === undefined ? width : Number(given)
  return prefix <= width ? { bytes, prefix } : null
}

function version4(text: string): Uint8Array | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null
  return Uint8Array.from(parts, Number)
}

function version6(text: string): Uint8Array | null {
  let groups = text
  const dotted = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text)
  if (dotted) {
    const low = version4(dotted[2] ?? '')
    if (low === null) return null
    const digits = Buffer.from(low).toString('hex')
    groups = `${dotted[1] ?? ''}${digits.slice(0, 4)}:${digits.slice(4)}`
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

/** As MariaDB prints it: the longest run of zero groups as `::`, an IPv4 address in its own notation. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return [...bytes].join('.')
  const view = Buffer.from(bytes)
  const groups = Array.from({ length: 8 }, (_, i) => view.readUInt16BE(i * 2))
  const gap = longestGap(groups)
  const isMapped = gap.at === 0 && (gap.length === 6 || (gap.length === 5 && groups[5] === 0xffff))
  const words = groups.map((group) => group.toString(16))
  const end = isMapped ? [...words.slice(0, 6), bytes.slice(12).join('.')] : words
  if (gap.length === 0) return end.join(':')
  return `${end.slice(0, gap.at).join(':')}::${end.slice(gap.at + gap.length).join(':')}`
}

function longestGap(groups: readonly number[]): { at: number; length: number } {
  let best = { at: -1, length: 0 }
  for (let at = 0; at < groups.length; at += 1) {
    let length = 0
    while (at + length < groups.length && groups[at + length] === 0) length += 1
    if (length > best.length) best = { at, length }
  }
  return best
}
