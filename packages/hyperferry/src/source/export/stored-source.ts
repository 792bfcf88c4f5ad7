/** The source's own description beside exported files: what it is, and how its tables are defined. No rows, no secrets. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, HyperferryError, messageOf } from '../../errors.ts'
import type { Inventory, SourceInfo } from '../../model.ts'
import { SOURCE_FILE, SOURCE_FORMAT } from '../stored.ts'

/** Throws HF-U014 for a URL without a path. */
export function folderOfUrl(url: string): string {
  const folder = /^\s*export:(?:\/\/)?(.+?)\s*$/i.exec(url)?.[1]
  if (folder !== undefined) return folder
  throw new HyperferryError('HF-U014', {
    what: 'the export URL names no folder',
    hint: 'Write export:DIR, the folder of `hyperferry export --out DIR`.',
  })
}

/** Throws HF-C003 when there is no such folder, HF-E011 when it holds no export that this version understands. */
export async function readSource(folder: string): Promise<{ info: SourceInfo; inventory: Inventory }> {
  const path = join(folder, SOURCE_FILE)
  let text: string
  try {
    await stat(folder)
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = codeOf(error) === 'ENOENT' ? 'HF-C003' : 'HF-E015'
    throw new HyperferryError(code, {
      what: code === 'HF-C003' ? `there is no ${path}` : `${path}: ${messageOf(error)}`,
      hint: 'Give the folder of `hyperferry export --out DIR`, with everything in it.',
      cause: error,
    })
  }
  const stored = parse(text)
  if (stored === null)
    throw new HyperferryError('HF-E011', { what: `${path} is not an export that this version understands` })
  return stored
}

function parse(text: string): { info: SourceInfo; inventory: Inventory } | null {
  try {
    const { format, info, inventory } = JSON.parse(text, large) as {
      format: string
      info: SourceInfo
      inventory: Inventory
    }
    return format === SOURCE_FORMAT && Array.isArray(inventory.tables) && typeof info.identity === 'string'
      ? { info, inventory }
      : null
  } catch {
    return null
  }
}

/** The one member that is a bigint travels as text. */
function large(key: string, value: unknown): unknown {
  return key === 'nextAutoIncrement' && typeof value === 'string' ? BigInt(value) : value
}
