/** A folder of exported files in place of the source they came from: it knows the definitions and the counts, and gives no rows (docs/design/0012). */
import { HyperferryError } from '../../errors.ts'
import type { Source, SourceAdapter, SourceView, TableReader } from '../source.ts'
import { readCounts } from './counts.ts'
import { folderOfUrl, readSource } from './stored-source.ts'

/** Answers to `export:DIR`. */
export const adapter: SourceAdapter = {
  schemes: ['export'],
  async open(url) {
    const folder = folderOfUrl(url)
    const { info, inventory } = await readSource(folder)
    const counts = await readCounts(folder)
    const view: SourceView = { reader: ({ source }) => readerOf(source, counts.get(source) ?? null) }
    return {
      ...view,
      info,
      checks: () => Promise.resolve([]),
      inventory: () => Promise.resolve(inventory),
      assess: notHere,
      query: notHere,
      snapshot: (use) => use(view),
      close: () => Promise.resolve(),
    } satisfies Source
  },
}

/** `rows`: of the whole table, as the source counted them; null when it was not exported as a whole. */
function readerOf(table: string, rows: bigint | null): TableReader {
  return {
    read: () => nothing(),
    async count({ kind }) {
      if (kind === 'all' && rows !== null) return rows
      if (kind === 'all')
        throw new HyperferryError('HF-E022', {
          what: `table ${table} was not exported as a whole, so nobody here knows how many rows it has`,
          hint: 'Export it without --from and --to.',
        })
      return notHere()
    },
    extent: notHere,
    advance: notHere,
    find: () => nothing(),
    second: { rows: notHere, traps: notHere },
  }
}

// oxlint-disable-next-line require-yield -- there is nothing to give
async function* nothing(): AsyncGenerator<never, void, undefined> {
  await notHere()
}

function notHere(): Promise<never> {
  return Promise.reject(
    new HyperferryError('HF-E022', {
      what: 'the source is a folder of exported files, which only `backfill --from-csv` reads',
    }),
  )
}
