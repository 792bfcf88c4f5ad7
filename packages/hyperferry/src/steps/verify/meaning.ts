// Part of the second opinion: it must not import values/encode, values/normalise or values/digest (a test reads the imports).
import type { PlannedColumn } from '../../model.ts'
import type { CanonicalRow, SecondReader } from '../../source/source.ts'
import type { Session } from '../../target/connect.ts'
import type { MeaningVerdict } from './document.ts'
import { jsonCount } from './document.ts'
import { Excused } from './excused.ts'
import type { KeptBack } from './excused.ts'
import { Matching } from './meaning-match.ts'
import { isReadWhole, sampleParts } from './meaning-sample.ts'
import type { SampleOptions, SamplePart } from './meaning-sample.ts'
import { lookups, readTexts } from './meaning-target.ts'
import type { TextPlace, TextRow } from './meaning-target.ts'

export interface MeaningOptions extends Omit<SampleOptions, 'partRows'> {
  place: TextPlace
  second: SecondReader
  /** Average bytes of a row, for the memory that a part takes. */
  rowBytes: number
  /** Rows looked up of each trap class. */
  trapRows: number
  /** Rows in quarantine. */
  keptBack: readonly KeptBack[]
  /** Wall-clock values are UTC, so that both servers write an instant with the same digits. */
  isUtc: boolean
  showValues: boolean
  /**
   * While the application writes: returns when every row that was in the source before is in the target too. The session then sees what is committed
   * at each statement. Rows that the target alone has are not looked for: they may have come meanwhile.
   */
  settle?: () => Promise<void>
  /** Whether a source row is old enough to be compared; the youngest may be on their way. Default: every row. */
  isSettled?: (row: TextRow) => boolean
  /** The target may hold a row outside of the range it came from: rows without a position, dates put in place of zero dates. */
  mayMove: boolean
}

/** Bytes of canonical text that one part may take. */
const PART_BYTES = 16 * 1024 * 1024
const SHOWN = 10

/**
 * The second opinion on one table: rows that the source's server rendered as text against the same rows rendered by the target's server.
 * A sample spread over the table, then every trap class. Shares nothing with the way the rows were copied but the plan.
 */
export async function meaning(session: Session, options: MeaningOptions): Promise<MeaningVerdict> {
  const fit = Math.max(1, Math.floor(PART_BYTES / Math.max(1, options.rowBytes * 4)))
  const partRows = Math.min(fit, Math.max(1, Math.ceil(options.sampleRows / PARTS)))
  const verdict: MeaningVerdict = { rows: 0, expected: 0, traps: 0, classes: [], differences: 0, different: [] }
  const sample = { ...options, partRows }
  verdict.expected = Math.max(0, Math.min(options.sampleRows, options.rows - options.keptBack.length))
  if (options.cutter === null && !isReadWhole(sample)) {
    // Looked for one by one, so no more than memory holds.
    verdict.expected = Math.min(verdict.expected, fit * 4)
    await compareBySearch(session, options, verdict)
  }
  let isCut = false
  for await (const part of sampleParts(sample)) {
    if (part.isFill === true && verdict.rows >= verdict.expected) break
    // A part of one position cannot be smaller than that position; where there are few of them, one part is the sample.
    const limit = Math.min(fit * 4, Math.max(partRows * 4, verdict.expected - verdict.rows)) + 1
    if (!(await comparePart(session, options, { part, limit }, verdict))) isCut = true
  }
  // Rows of one position are read together or not at all, so there may be fewer than asked for.
  if (isCut) verdict.expected = Math.min(verdict.expected, verdict.rows)
  await compareTraps(session, options, verdict)
  return verdict
}

/** Places of the table that a sample comes from. */
const PARTS = 20

/** Answers whether the part was read to its end. */
async function comparePart(
  session: Session,
  options: MeaningOptions,
  { part, limit }: { part: SamplePart; limit: number },
  verdict: MeaningVerdict,
): Promise<boolean> {
  const isTable = part.slice.kind === 'all'
  const most = isTable ? options.sampleRows * 4 + 1 : limit
  const read = await options.second.rows(part.slice, most)
  const rows = settledRows(options, read)
  // Cut off by the limit: the target may rightly hold more rows there.
  const whole = read.length < most
  verdict.rows += rows.length
  const matching = await matched(options, async () => {
    const fresh = new Matching(options.place, { whole })
    for (const row of rows) fresh.want(row.values, 'sample')
    await readTexts(session, options.place, part.where, (row) => fresh.meet(row))
    // A rule may have sent a row to another place than its range; without a key that cannot be told from a row that stands twice.
    if (!isTable && (options.mayMove || options.place.key !== null)) await searchLeft(session, options, fresh)
    return fresh
  })
  conclude(options, matching, { withExtra: whole && isTable && options.settle === undefined }, verdict)
  return whole
}

function settledRows(options: MeaningOptions, rows: readonly CanonicalRow[]): readonly CanonicalRow[] {
  const { isSettled } = options
  return isSettled === undefined ? rows : rows.filter(({ values }) => isSettled(values))
}

/** The rows are in memory: those that have no counterpart yet get one more chance when everything older has arrived. */
async function matched(options: MeaningOptions, match: () => Promise<Matching>): Promise<Matching> {
  const matching = await match()
  if (options.settle === undefined || matching.left.length === 0) return matching
  await options.settle()
  return match()
}

async function compareBySearch(session: Session, options: MeaningOptions, verdict: MeaningVerdict): Promise<void> {
  const rows = settledRows(options, await options.second.rows({ kind: 'all' }, verdict.expected))
  verdict.rows += rows.length
  const matching = await matched(options, async () => {
    const fresh = new Matching(options.place, { whole: false })
    for (const row of rows) fresh.want(row.values, 'sample')
    await searchLeft(session, options, fresh)
    return fresh
  })
  conclude(options, matching, { withExtra: false }, verdict)
}

async function compareTraps(session: Session, options: MeaningOptions, verdict: MeaningVerdict): Promise<void> {
  if (options.trapRows <= 0) return
  const traps: { texts: TextRow; name: string }[] = []
  /** A row that is of several classes is one row; equal rows of one class are several. */
  const wanted = new Map<string, number>()
  for (const trap of await options.second.traps(options.trapRows)) {
    if (trap.total === 0n) continue
    verdict.classes.push({
      name: trap.name,
      column: trap.column,
      total: jsonCount(trap.total),
      compared: trap.rows.length,
    })
    const seen = new Map<string, number>()
    for (const { values } of settledRows(options, trap.rows)) {
      const text = JSON.stringify(values)
      const times = (seen.get(text) ?? 0) + 1
      seen.set(text, times)
      if (times <= (wanted.get(text) ?? 0)) continue
      wanted.set(text, times)
      traps.push({ texts: values, name: `${trap.name} (${trap.column})` })
      verdict.traps += 1
    }
  }
  const matching = await matched(options, async () => {
    const fresh = new Matching(options.place, { whole: false })
    for (const { texts, name } of traps) fresh.want(texts, name)
    await searchLeft(session, options, fresh)
    return fresh
  })
  conclude(options, matching, { withExtra: false }, verdict)
}

/** Looks for source rows that have no counterpart yet, wherever they are in the target. */
async function searchLeft(session: Session, options: MeaningOptions, matching: Matching): Promise<void> {
  const left = matching.left
  if (left.length === 0) return
  for (const where of lookups(options.place, left)) {
    await readTexts(session, options.place, where, (row) => matching.meet(row))
  }
}

function conclude(
  options: MeaningOptions,
  matching: Matching,
  { withExtra }: { withExtra: boolean },
  verdict: MeaningVerdict,
): void {
  const excused = new Excused(options.place.table, options.keptBack)
  const places = new Map(options.place.columns.map((column, index) => [column.source, { column, index }]))
  matching.excuse(
    (row) =>
      excused.take((name) => {
        const found = places.get(name)
        return found === undefined ? undefined : keptText(found.column, row, found.index, options.isUtc)
      }) !== null,
  )
  // The second reading of some sources leaves out what the plan's rules refuse. That each of these rows is what was decided, its receipt proves.
  const fixed = options.keptBack.filter(({ how }) => how === 'fix').length
  const { rows, shown } = matching.differences({ showValues: options.showValues, withExtra, fixed, limit: SHOWN })
  verdict.differences += rows
  verdict.different.push(...shown.slice(0, Math.max(0, SHOWN - verdict.different.length)))
}

/** A canonical text as the quarantine holds it: what the source returned. undefined where the forms have nothing in common. */
function keptText(column: PlannedColumn, row: TextRow, index: number, isUtc: boolean): string | null | undefined {
  const text = row[index]
  if (text == null) return text === null ? null : undefined
  const type = column.type.toLowerCase()
  if (/^(smallint|integer|bigint|int\d?|numeric|decimal)/.test(type)) return column.rules.unit ? undefined : text
  if (/^(text|varchar|character|char|bpchar|bytea)/.test(type) && !type.endsWith(']')) return bytesText(text)
  if (/^(date|timestamp)/.test(type)) return isUtc && !column.rules.unit && !column.rules.format ? text : undefined
  return undefined
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 without NUL as it is, other bytes as `\x…`. */
function bytesText(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.includes(0)) return `\\x${hex}`
  try {
    return strict.decode(bytes)
  } catch {
    return `\\x${hex}`
  }
}
