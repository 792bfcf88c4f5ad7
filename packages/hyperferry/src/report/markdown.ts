/** The report for people, as Markdown that reads well unrendered too. */
import type { ReportDocument, ReportTable } from './document.ts'
import { member } from './verdict.ts'

/** The whole report as Markdown, self-contained. */
export function reportMarkdown(report: ReportDocument): string {
  const keptBack = report.quarantine.reduce((rows, each) => rows + each.rows, 0)
  const kept = keptBack === 0 ? 'no row was kept back' : `${keptBack} rows were kept back, which was accepted`
  const verdict = report.proven
    ? `Every table is proven equal, and ${kept}.`
    : 'Not everything is proven: see the tables and the quarantine below.'
  const sections = [
    `# Migration ${plain(report.migration)}`,
    `**${verdict}**`,
    facts(report),
    '## Tables',
    grid(['table', 'kind', 'rows', 'quarantined', 'verified', 'by', 'digest'], report.tables.map(tableRow)),
    ...proofs(report),
    ...losses(report),
    ...quarantine(report),
    ...decisions(report),
    '## Steps',
    grid(
      ['step', 'status', 'started (UTC)', 'seconds', 'hyperferry'],
      report.steps.map((step) => [
        step.step,
        step.status,
        step.startedAt,
        step.seconds === null ? '' : String(step.seconds),
        step.tool,
      ]),
    ),
    ...bullets('Left out on purpose', report.excluded),
    ...bullets('Notes', report.notes),
  ]
  return `${sections.join('\n\n')}\n`
}

function facts(report: ReportDocument): string {
  return [
    `- Source: ${plain(report.source.product)} (zone of wall-clock values: ${plain(report.source.timezone)})`,
    `- Target: ${plain(report.target.product)}, database ${plain(report.target.database)}, schema ${plain(report.target.schema)}`,
    `- Plan: ${report.planHash}`,
    `- Started ${report.startedAt}, reported ${report.at} by hyperferry ${report.tool}`,
  ].join('\n')
}

function tableRow(table: ReportTable): string[] {
  const word = table.verified === 'never' && !table.complete ? 'not copied yet' : table.verified
  return [table.name, table.kind, table.rows, table.quarantined, word, table.level ?? '', table.digest]
}

/** What verify compared, table by table. */
function proofs(report: ReportDocument): string[] {
  const rows = report.tables.flatMap((table) => {
    if (table.proof === null) return []
    const meaning = member(table.proof, 'meaning')
    const different = member(table.proof, 'different')
    return [
      [
        table.name,
        text(member(table.proof, 'sourceRows')),
        text(member(table.proof, 'targetRows')),
        text(member(table.proof, 'ranges')),
        Array.isArray(different) ? String(different.length) : '',
        text(member(meaning, 'rows')),
        text(member(meaning, 'traps')),
        text(member(meaning, 'differences')),
        table.verifiedAt ?? '',
      ],
    ]
  })
  if (rows.length === 0) return []
  const head = [
    'table',
    'source rows',
    'target rows',
    'ranges',
    'different',
    'rendered by both',
    'trap rows',
    'read differently',
    'when',
  ]
  return [
    '## Proof',
    'Ranges are compared by digest of every row; a sample and the trap rows are rendered as text by both servers.',
    grid(head, rows),
  ]
}

function losses(report: ReportDocument): string[] {
  const rows = report.tables.flatMap((table) =>
    table.losses.map((loss) => [table.name, loss.column, loss.code, String(loss.count)]),
  )
  return rows.length === 0 ? [] : ['## Values changed by a rule', grid(['table', 'column', 'rule', 'times'], rows)]
}

function quarantine(report: ReportDocument): string[] {
  const rows = report.quarantine.map((each) => [each.table, each.column ?? '', each.code, String(each.rows)])
  return rows.length === 0 ? [] : ['## In quarantine', grid(['table', 'column', 'code', 'rows'], rows)]
}

const DECIDED = {
  fix: 'fixed by hand',
  retry: 'read again, fits',
  discard: 'given up',
  gone: 'not in the source any more',
}

function decisions(report: ReportDocument): string[] {
  const rows = report.decisions.map(({ table, how, by, reason, columns, rows: count, at }) => [
    table,
    DECIDED[how],
    columns.join(', '),
    String(count),
    by,
    reason ?? '',
    at,
  ])
  const head = ['table', 'what', 'columns', 'rows', 'by', 'reason', 'when']
  return rows.length === 0 ? [] : ['## Decided about rows in quarantine', grid(head, rows)]
}

function bullets(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`## ${title}`, items.map((item) => `- ${plain(item)}`).join('\n')]
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`
  return [line(head), `|${head.map(() => ' --- ').join('|')}|`, ...rows.map(line)].join('\n')
}

/** Names come from databases: nothing in them may end a cell or become markup. */
function plain(content: string): string {
  return content.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\|<>*_`[\]]/g, (sign) => `\\${sign}`)
}

function text(json: unknown): string {
  return typeof json === 'number' || typeof json === 'string' ? String(json) : ''
}
