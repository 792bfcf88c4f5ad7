/** Values of rejected rows as text, so that nothing is lost. */
import { isUtf8 } from 'node:buffer'

/** The text itself when the bytes are UTF-8 without NUL and cannot be taken for the other form, else `\x` and hex. */
export function describeBytes(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const ambiguous = bytes[0] === 0x5c && bytes[1] === 0x78
  if (!ambiguous && !view.includes(0) && isUtf8(view)) return view.toString('utf8')
  return `\\x${view.toString('hex')}`
}
