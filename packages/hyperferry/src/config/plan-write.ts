/** The plan as a file that people review: reasons as comments, decisions with their alternatives beside them. */
import { Document, isCollection, isMap, isPair, isScalar, visit, YAMLSeq } from 'yaml'
import type { Node, Scalar } from 'yaml'
import type { Finding, Forecast, Plan, PlannedTable } from '../model.ts'
import { planToFile } from './plan-shape.ts'

/** Parts of a table that stay on one line. */
const ONE_LINE = ['time', 'columnstore', 'key', 'estimate']
/** Parts of a table whose entries stay on one line each. */
const LINE_EACH = ['unique', 'columns', 'indexes', 'foreignKeys']

/** What a person should add when the application goes on writing. */
const DUAL_WRITE =
  'while the application writes: add writers, how many processes do; maxLateness, how late their rows come'

/** What a person should add who wants to spare a server. */
const PACE =
  'to spare the servers add, for example, pauseWhen: { targetReplicationLag: 30 s, sourceThreadsRunning: 40 }, window: "22:00-06:00"'

/** YAML text of the plan. The same input gives the same text; reading it again gives the same plan (but for reasons). */
export function writePlan(plan: Plan, findings: readonly Finding[] = [], forecast: Forecast | null = null): string {
  const document = new Document(planToFile(plan), { version: '1.2' })
  for (const part of ['source', 'target', 'exclude', 'dualWrite', 'backfill', 'verify']) flow(document.get(part, true))
  const dual = document.get('dualWrite', true)
  if (isMap(dual)) dual.comment = plan.dualWrite.writers === null ? ` ${DUAL_WRITE}` : null
  const backfill = document.get('backfill', true)
  if (isMap(backfill) && plan.backfill.pauseWhen === undefined) backfill.comment = ` ${PACE}`
  for (const table of plan.tables) dressTable(document, table, findings)
  const body = document.toString({ lineWidth: 0, blockQuote: false, flowCollectionPadding: true })
  return head(plan, findings, forecast) + body
}

function head(plan: Plan, findings: readonly Finding[], forecast: Forecast | null): string {
  const decisions = findings.filter(({ severity }) => severity === 'decide' || severity === 'block').length
  const planned = new Set(plan.tables.map(({ source }) => source))
  const general = findings.filter(({ table }) => table === null || !planned.has(table))
  const lines = [
    '# yaml-language-server: $schema=./node_modules/hyperferry/plan.schema.json',
    `# What moves, and as what. ${plural(plan.tables.length, 'table')}; ${decisions === 0 ? 'nothing needs a decision' : `${plural(decisions, 'thing')} marked "decide" below`}.`,
    '# Everything but dualWrite, backfill, verify and sync is fixed once `hyperferry schema` has run.',
    '# Next:  hyperferry schema --dry-run',
    ...(forecast === null ? [] : [`# ${forecastText(forecast)}`]),
    ...general.map((finding) => `# ${oneLine(findingText(finding))}`),
  ]
  return `${lines.join('\n')}\n`
}

function forecastText(forecast: Forecast): string {
  const size = `${plural(forecast.rows, 'row')}, about ${megabytes(forecast.targetBytes)} in the target before compression`
  // Speed is left out: the same database gives the same file.
  return `Estimate: ${size}.`
}

function dressTable(document: Document, table: PlannedTable, findings: readonly Finding[]): void {
  const node = document.getIn(['tables', table.name], true)
  if (!isMap(node)) return
  for (const part of ONE_LINE) flow(node.get(part, true))
  for (const part of LINE_EACH) {
    const entries = node.get(part, true)
    if (isMap(entries)) for (const entry of entries.items) flow(entry.value)
  }
  const kind = node.get('kind', true)
  const [first, ...more] = table.reasons
  if (first !== undefined && isScalar(kind)) kind.comment = ` ${oneLine(first)}`
  const own = findings.filter((finding) => finding.table === table.source)
  above(node.items[0], [...own.filter(({ column }) => !holds(table, column)).map(findingText), ...more])
  const columns = node.get('columns', true)
  if (!isMap(columns)) return
  for (const [i, column] of table.columns.entries()) {
    const found = own.filter((finding) => finding.column === column.source).map(findingText)
    // A finding says what the reason says, and what to do.
    const notes = found.length > 0 || column.reasons === undefined ? found : [column.reasons.join('; ')]
    const entry = columns.items[i]
    if (notes.length > 1) above(entry, notes)
    else if (notes[0] !== undefined && isPair(entry)) (entry.value as Node).comment = ` ${oneLine(notes[0])}`
  }
}

function holds(table: PlannedTable, column: string | null): boolean {
  return table.columns.some(({ source }) => source === column)
}

/** `decide: a | b   HF-P207: why`, else `HF-P120: why`. */
function findingText({ severity, code, message, action, count }: Finding): string {
  const rows =
    count === null || message.includes(String(count.value))
      ? ''
      : ` (${count.exact ? '' : 'about '}${plural(count.value, 'row')})`
  const what = `${code}: ${message}${rows}`
  return severity === 'decide' || severity === 'block' ? `decide: ${action}   ${what}` : `${what}. ${action}`.trim()
}

function flow(node: unknown): void {
  if (!isCollection(node)) return
  node.flow = true
  visit(node, {
    Seq: (_, list) => {
      // Lists are written tight, `[a, b]`, maps with room, `{ a: b }`.
      list.toString = (context, ...hooks) => YAMLSeq.prototype.toString.call(list, tight(context), ...hooks)
    },
  })
}

type Context = Parameters<YAMLSeq['toString']>[0]

function tight(context: Context): Context {
  return context === undefined ? context : { ...context, flowCollectionPadding: '' }
}

function above(entry: unknown, texts: readonly string[]): void {
  if (texts.length === 0 || !isPair(entry)) return
  const key = entry.key as Scalar
  key.commentBefore = texts.map((text) => ` ${oneLine(text)}`).join('\n')
}

/** Comments end at a line break, and some readers take odd characters for one. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\ufeff]+/gu, ' ').trim()
}

function plural(count: number, word: string): string {
  return `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`
}

function megabytes(bytes: number): string {
  const [size, unit] = bytes >= 1e9 ? [bytes / 1e9, 'GB'] : [bytes / 1e6, 'MB']
  return `${size < 10 ? size.toFixed(1) : Math.round(size).toLocaleString('en-US')} ${unit}`
}
