/** PostgreSQL's limit on names, in bytes of UTF-8. Longer ones would be cut in silence. */
export const MAX_NAME_BYTES = 63

/** The longest beginning of `text` that has at most `bytes` bytes in UTF-8 and ends between characters. */
export function cutToBytes(text: string, bytes: number): string {
  let kept = ''
  let left = bytes
  for (const character of text) {
    left -= Buffer.byteLength(character)
    if (left < 0) return kept
    kept += character
  }
  return kept
}

/** Whether PostgreSQL would cut the name. */
export function isTooLong(name: string): boolean {
  return Buffer.byteLength(name) > MAX_NAME_BYTES
}
