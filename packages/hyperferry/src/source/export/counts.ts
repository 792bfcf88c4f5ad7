/** How many rows the exported tables have: as the source counted them when the export was finished. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, HyperferryError } from '../../errors.ts'

/** By source table, of tables that were exported as a whole. Throws HF-E011 for a manifest that cannot be read. */
export async function readCounts(folder: string): Promise<Map<string, bigint>> {
  const counts = new Map<string, bigint>()
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const path = join(folder, entry.name, 'manifest.json')
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    })
    if (text === null) continue
    const { table, spans, residual, sourceRows, point } = parse(text, path)
    const [span, ...more] = spans
    const whole = more.length === 0 && span?.from === null && span.to === null && (residual || table.split === 'all')
    if (whole && point === null) counts.set(table.source, BigInt(sourceRows))
  }
  return counts
}

interface Counted {
  table: { source: string; split: string }
  spans: { from: string | null; to: string | null }[]
  residual: boolean
  point: object | null
  sourceRows: string
}

/** Only what is needed here; the loader looks at all of it. */
function parse(text: string, path: string): Counted {
  try {
    const found = JSON.parse(text) as Counted
    if (typeof found.table.source === 'string' && Array.isArray(found.spans) && /^\d+$/.test(found.sourceRows))
      return found
  } catch {
    // Said below.
  }
  throw new HyperferryError('HF-E011', { what: `${path} is not an export that this version understands` })
}
