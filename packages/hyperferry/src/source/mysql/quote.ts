/** Names and texts inside SQL for the source. */

/** A name in backticks. */
export function ident(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A text as a hexadecimal literal of its UTF-8 bytes: no escape rule of any sql_mode can matter. */
export function textLiteral(text: string): string {
  return text === '' ? "''" : `_utf8mb4 0x${Buffer.from(text, 'utf8').toString('hex')}`
}
