/** The name and form of a source's description beside exported files; who writes it and who reads it know nothing else of each other. */
import type { Inventory, SourceInfo } from '../model.ts'

export const SOURCE_FILE = 'source.json'
export const SOURCE_FORMAT = 'hyperferry-source/1'

/** Its text. Bigints become text. */
export function storedSource(info: SourceInfo, inventory: Inventory): string {
  const text = { format: SOURCE_FORMAT, info, inventory }
  return `${JSON.stringify(text, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 1)}\n`
}
