/** One table that is written while it is compared: receipts for the part of the backfill, both stores read for the part of the writers. */
import { isFinished } from '../../control/spans.ts'
import { failpoint } from '../../failpoints.ts'
import type { CompletionPoint, Receipt, Span } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { qualified } from '../../target/sql.ts'
import type { Digest } from '../../values/digest.ts'
import { sourceDigest, targetDigest } from './bench.ts'
import { jsonCount } from './document.ts'
import type { VerifiedTable, VerifyLevel } from './document.ts'
import { concluded, without } from './examine.ts'
import { Excused } from './excused.ts'
import type { KeptBack } from './excused.ts'
import { look, stillOdd } from './looks.ts'
import { isCuttable, overlaps, rangesOfReceipts, residualRange, wholeRange } from './ranges.ts'
import type { CompareRange } from './ranges.ts'
import type { Finding } from './samples.ts'
import type { SettledPart } from './settled-part.ts'
import { shareOut } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import { byCounts, emptyResult, openOnly, sum, walk } from './table.ts'

export interface LiveCase {
  part: SettledPart
  point: Pick<CompletionPoint, 'position' | 'beyondPosition'> | null
  level: Exclude<VerifyLevel, 'estimate'>
  receipts: readonly Receipt[]
  keptBack: readonly KeptBack[]
  /** Only ranges that reach into it, as positions. */
  window: Span
  showValues: boolean
  /** Read-only sessions on what the target holds now. */
  openSnapshot: () => Promise<Snapshot>
  /** Returns when everything that was committed before is in both stores. */
  settle: () => Promise<void>
  mayGoOn: () => void
  onRows: (rows: number) => void
}

/** How often a row must be found to differ, each time after everything older had been delivered, before it is called different. */
const LOOKS = 3

/** Compares a table up to its settled instant. The second opinion is not part of it. */
export async function verifyLiveTable(one: LiveCase): Promise<VerifiedTable> {
  const { bench } = one.part
  const ranges = await rangesOf(one)
  const result = emptyResult({ bench, window: one.window }, ranges.length)
  result.settledUntil = one.part.until
  if (one.level !== 'count') result.books = sum(one.receipts.map(({ digest }) => digest)).toString()
  const before = one.level === 'count' ? await sourceCounts(one, ranges) : null
  await one.settle()
  const first = await withSnapshot(one, (snapshot) => firstLook(one, snapshot, { ranges, before, result }))
  if (first.strange !== null) result.different = [first.strange]
  let odd = first.odd
  for (let round = 2; odd.length > 0 && round <= LOOKS; round += 1) {
    one.mayGoOn()
    await one.settle()
    const again = odd.map(({ range }) => range)
    const now = await withSnapshot(one, ({ sessions }) => seen(one, sessions[0], again))
    odd = stillOdd(odd, now).filter(isOdd)
  }
  if (odd.length > 0) result.different.push(...concluded(bench, odd, one.showValues))
  else if (first.odd.length > 0) result.notes.push(LOOKED_AGAIN)
  result.equal = result.different.length === 0
  return result
}

const LOOKED_AGAIN = 'some rows were on their way at the first look; all of them had arrived at a later one'

async function withSnapshot<T>(one: LiveCase, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const snapshot = await one.openSnapshot()
  try {
    return await use(snapshot)
  } finally {
    await snapshot.close()
  }
}

function isOdd(found: Finding): boolean {
  return found.missing.length + found.extra.length + found.unseenMissing + found.unseenExtra > 0
}

/** Together all that is compared, or all of it that reaches into the window. */
async function rangesOf(one: LiveCase): Promise<CompareRange[]> {
  const { part, window, level, receipts } = one
  const { bench, position, beyond } = part
  const { table, timezone } = bench
  const isWindow = window.from !== null || window.to !== null
  const inWindow = (range: CompareRange): boolean =>
    !isWindow || (range.slice.kind === 'range' && overlaps(range.slice, window))
  if (!isCuttable(table)) return [{ ...wholeRange(), where: part.condition }]
  if (table.split !== 'time') {
    const ranges = [...(await walk(bench, null, null)), residualRange(table)].filter(inWindow)
    return ranges.map((range) => ({ ...range, where: both(range.where, part.condition) }))
  }
  const isBooked = level !== 'rows' && one.point !== null && isFinishedOutside(receipts, one.point)
  const history = isBooked
    ? rangesOfReceipts(table, receipts, { timezone, ...(isWindow ? { rows: 0 } : {}) })
    : [
        ...(await walk(bench, null, one.point?.position ?? null)),
        ...(beyond === null ? [] : await walk(bench, beyond, null)),
        residualRange(table),
      ]
  const start = one.point?.position ?? null
  const written = one.point === null ? [] : start !== null && start < position ? await walk(bench, start, position) : []
  return [...history, ...written].filter(inWindow)
}

function both(a: string | null, b: string): string {
  return a === null ? b : `${a} and ${b}`
}

/** Whether the receipts cover everything but [T, F). */
function isFinishedOutside(
  receipts: readonly Receipt[],
  { position, beyondPosition }: Pick<CompletionPoint, 'position' | 'beyondPosition'>,
): boolean {
  const written = { lane: 0, span: { from: position, to: beyondPosition } } as const
  return isFinished([...receipts, written], 'time')
}

async function sourceCounts(one: LiveCase, ranges: readonly CompareRange[]): Promise<bigint[]> {
  const counts: bigint[] = []
  for (const range of ranges) {
    one.mayGoOn()
    counts.push(await one.part.bench.reader.count(range.slice))
  }
  return counts
}

interface FirstLook {
  ranges: readonly CompareRange[]
  /** Counts from before everything was delivered; at level count only. */
  before: readonly bigint[] | null
  result: VerifiedTable
}

/** All ranges by digest or count; those that do not agree row by row. */
async function firstLook(
  one: LiveCase,
  { sessions }: Snapshot,
  { ranges, before, result }: FirstLook,
): Promise<{ odd: Finding[]; strange: VerifiedTable['different'][number] | null }> {
  const answers: Answer[] = []
  await shareOut(sessions, ranges, async (session, range, index) => {
    one.mayGoOn()
    answers[index] =
      before === null ? await byDigest(one, session, range) : await byCount(one, session, range, before[index])
    one.onRows(Number(answers[index].target))
    failpoint('verify.mid-table')
  })
  const total = (pick: (answer: Answer) => bigint): bigint => answers.reduce((rows, each) => rows + pick(each), 0n)
  result.sourceRows = jsonCount(total(({ source }) => source))
  result.targetRows = jsonCount(total(({ target }) => target))
  result.quarantined = jsonCount(total(({ quarantined }) => quarantined))
  if (before === null) result.digest = sum(answers.flatMap(({ digest }) => digest ?? [])).toString()
  const unread = answers.findIndex(({ isUnread }) => isUnread)
  if (unread >= 0) {
    // The source counts rows that it does not give: no further look at what it gives would find them.
    const { source, target, quarantined } = answers[unread] ?? { source: 0n, target: 0n, quarantined: 0n }
    return { odd: [], strange: byCounts(ranges[unread] ?? wholeRange(), { source, target, quarantined }) }
  }
  const suspects = ranges.filter((_, index) => answers[index]?.agrees !== true)
  // Every row of the target that is compared lies in exactly one range, or nothing above says anything about it.
  const isWhole = one.window.from === null && one.window.to === null
  const isCovered =
    !isWhole || total(({ target }) => target) === (await targetCount(one, sessions[0], one.part.condition))
  const chosen = isCovered ? suspects : [{ ...wholeRange(), where: one.part.condition }]
  return { odd: await seen(one, sessions[0], chosen), strange: null }
}

async function seen(one: LiveCase, session: Session, ranges: readonly CompareRange[]): Promise<Finding[]> {
  const { bench } = one.part
  const tableRows = Math.max(bench.table.estimatedRows, 100_000)
  const findings = await look(bench, session, ranges, { tableRows, mayGoOn: one.mayGoOn })
  return without(bench, findings, new Excused(bench.table, openOnly(one.keptBack)))
}

interface Answer {
  source: bigint
  target: bigint
  quarantined: bigint
  digest: Digest | null
  agrees: boolean
  /** The source counts other rows than it gives. */
  isUnread: boolean
}

/** The target's rows against the receipts', and as many as the source counts; without receipts against the source's rows. */
async function byDigest(one: LiveCase, session: Session, range: CompareRange): Promise<Answer> {
  const { bench } = one.part
  const digest = await targetDigest(bench, session, range)
  const target = BigInt(digest.rows)
  if (range.promised !== null) {
    const source = await bench.reader.count(range.slice)
    const quarantined = BigInt(range.promised.quarantined)
    const agrees = digest.equals(sum(range.promised.digests)) && source === target + quarantined
    return { source, target, quarantined, digest, agrees, isUnread: false }
  }
  // Rows come and none goes: what is read lies between two counts.
  const before = await countApart(one, range)
  const read = await sourceDigest(bench, range)
  const source = BigInt(read.digest.rows + read.rejected)
  const after = await countApart(one, range)
  const isUnread = before !== null && after !== null && (source < before || source > after)
  const agrees = digest.equals(read.digest)
  return {
    source: isUnread ? (after ?? source) : source,
    target,
    quarantined: BigInt(read.rejected),
    digest,
    agrees,
    isUnread,
  }
}

/** null where the source has no count of its own. */
async function countApart({ part }: LiveCase, range: CompareRange): Promise<bigint | null> {
  return part.bench.table.split === 'time' && range.slice.kind !== 'all' ? part.bench.reader.count(range.slice) : null
}

/** Nothing may have come in the meantime, or counts taken one after the other say nothing. */
// eslint-disable-next-line max-params -- a range, and what is known of it
async function byCount(
  one: LiveCase,
  session: Session,
  range: CompareRange,
  before: bigint | undefined,
): Promise<Answer> {
  const target = await targetCount(one, session, range.where)
  const source = await one.part.bench.reader.count(range.slice)
  const quarantined = BigInt(range.promised?.quarantined ?? 0)
  const agrees = before === source && source === target + quarantined
  return { source, target, quarantined, digest: null, agrees, isUnread: false }
}

async function targetCount(one: LiveCase, session: Session, where: string | null): Promise<bigint> {
  const { schema, table } = one.part.bench
  const condition = where === null ? '' : ` where ${where}`
  const { rows } = await session.query<{ n: string }>(
    `select count(*)::text as n from ${qualified(schema, table.name)}${condition}`,
  )
  return BigInt(rows[0]?.n ?? '0')
}
