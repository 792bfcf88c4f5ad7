/** The report as one HTML file: no script, nothing loaded from elsewhere. */
import type { ReportDocument } from './document.ts'
import { reportMarkdown } from './markdown.ts'

/** Made of the Markdown report, whose few forms are all translated here. */
export function reportHtml(report: ReportDocument): string {
  const blocks = reportMarkdown(report).trim().split('\n\n').map(block)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Migration ${escaped(report.migration)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { border: 1px solid #d4d9df; padding: .25rem .6rem; text-align: left; white-space: nowrap }
td.number { text-align: right; font-variant-numeric: tabular-nums }
td.digest { font: 11px/1.5 ui-monospace, monospace; color: #57606a }
th { background: #f4f6f8 }
</style>
${blocks.join('\n')}
</html>
`
}

function block(markdown: string): string {
  const heading = /^(#+) (.*)$/.exec(markdown)
  if (heading !== null) return `<h${heading[1]?.length ?? 1}>${inline(heading[2] ?? '')}</h${heading[1]?.length ?? 1}>`
  if (markdown.startsWith('- ')) {
    const items = markdown.split('\n').map((line) => `<li>${inline(line.slice(2))}</li>`)
    return `<ul>${items.join('')}</ul>`
  }
  if (!markdown.startsWith('| ')) return `<p>${inline(markdown)}</p>`
  const [head = [], , ...rows] = markdown.split('\n').map(cells)
  const titles = head.map((cell) => `<th>${inline(cell)}</th>`).join('')
  const lines = rows.map((row) => `<tr>${row.map(data).join('')}</tr>`)
  return `<table><tr>${titles}</tr>${lines.join('')}</table>`
}

function data(cell: string): string {
  const kind = /^\d+(\.\d+)?$/.test(cell) ? ' class="number"' : cell.startsWith('hf1:') ? ' class="digest"' : ''
  return `<td${kind}>${inline(cell)}</td>`
}

/** Cells of a table row: a bar ends one unless it is escaped. */
function cells(line: string): string[] {
  return line.slice(2, -2).split(/(?<!\\) \| /)
}

function inline(markdown: string): string {
  const bold = /^\*\*(.*)\*\*$/.exec(markdown)
  const html = escaped((bold?.[1] ?? markdown).replaceAll(/\\([\\|<>*_`[\]])/g, '$1'))
  return bold === null ? html : `<strong>${html}</strong>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
