/** The columns of a row in quarantine that nobody gave a value for. */
import type { KeptRow } from '../../control/settle-quarantine.ts'
import { HyperferryError } from '../../errors.ts'
import type { EncodedBatch, PlannedColumn } from '../../model.ts'
import type { TableWork } from '../../work/table-work.ts'
import type { StepContext } from '../context.ts'
import { parsePgType } from '../../values/pgtype.ts'

/** Texts as PostgreSQL has printed them, or the encoded row of the source without the columns that were given. */
export type RestOfRow =
  | { kind: 'texts'; texts: ReadonlyMap<string, string | null> }
  | { kind: 'tuple'; columns: readonly PlannedColumn[]; tuple: Uint8Array }

/**
 * What the target refused was encoded once, so its texts are exact. What the transcoder refused is read again from the source, without the columns that
 * were given: the plan's rules apply to the others as ever. Throws HF-Q003 when another column does not fit either, HF-Q005 when the row cannot be found.
 */
// eslint-disable-next-line max-params -- from where, which table, which row, which columns
export async function restOfRow(
  ctx: StepContext,
  work: TableWork,
  row: KeptRow,
  columns: readonly PlannedColumn[],
): Promise<RestOfRow> {
  if (row.hash !== null || !row.sourceKey || columns.length === 0) return { kind: 'texts', texts: texts(row, columns) }
  const found = ctx.source.reader({ ...work.table, columns: [...columns] }).find(row.key)
  if (found === null) return { kind: 'texts', texts: surely(work, row, columns) }
  const batches: EncodedBatch[] = []
  for await (const batch of found) batches.push(batch)
  const [batch, ...more] = batches
  const rejected = batches.flatMap((each) => each.rejected)
  if (rejected[0] !== undefined) {
    const { column, code, reason } = rejected[0]
    throw new HyperferryError('HF-Q003', {
      what: `${column ?? 'another column'} does not fit either (${code}): ${reason}`,
      hint: 'Give a value for that column too.',
      details: { column },
    })
  }
  if (batch === undefined || more.length > 0 || batch.rows !== 1) {
    throw new HyperferryError('HF-Q005', {
      what:
        batch === undefined ? 'the source has no row of this key any more' : 'the source has several rows of this key',
      hint:
        batch === undefined
          ? 'Run `hyperferry quarantine retry`, which takes it off the books.'
          : 'Give every column, or discard the row.',
    })
  }
  return { kind: 'tuple', columns, tuple: batch.bytes.slice(0, batch.ends[0]) }
}

function texts(row: KeptRow, columns: readonly PlannedColumn[]): Map<string, string | null> {
  return new Map(columns.map((column) => [column.name, row.values[column.source] ?? null]))
}

/** Without a key: only texts that say the same in both databases. Throws HF-Q005 naming the columns that have to be given. */
function surely(work: TableWork, row: KeptRow, columns: readonly PlannedColumn[]): Map<string, string | null> {
  const unsure = columns.filter((column) => !isSure(column, row.values[column.source]))
  if (unsure.length === 0) return texts(row, columns)
  throw new HyperferryError('HF-Q005', {
    what: `${work.table.source} has no key in the source to read ${unsure.map(({ source }) => source).join(', ')} again by`,
    hint: 'Give a value for each of these columns too.',
  })
}

function isSure({ type, rules }: PlannedColumn, text: string | null | undefined): boolean {
  if (text === undefined || Object.keys(rules).length > 0) return false
  if (text === null) return true
  const { name } = parsePgType(type)
  if (PLAIN_NUMBERS.has(name)) return /^-?\d+$/.test(text)
  return PLAIN_TEXTS.has(name) && !text.startsWith('\\x')
}

const PLAIN_NUMBERS = new Set(['int2', 'int4', 'int8'])
const PLAIN_TEXTS = new Set(['text', 'varchar'])
