/** Writes the evidence of a migration to a file. */
import { writeFile } from 'node:fs/promises'
import { HyperferryError, messageOf } from '../errors.ts'
import type { Plan } from '../model.ts'
import type { Target } from '../target/connect.ts'
import { readBooks } from './books.ts'
import { reportDocument } from './document.ts'
import type { ReportDocument } from './document.ts'
import { reportHtml } from './html.ts'
import { reportMarkdown } from './markdown.ts'

export type { ReportDocument } from './document.ts'

export interface ReportOptions {
  target: Target
  plan: Plan
  /** Version of the tool. */
  tool: string
  /** `.json`, `.md` or `.html` decides the form. */
  out: string
}

/** Throws HF-U001 for another extension or a file that cannot be written, HF-B014 when nothing was started. */
export async function writeReport(options: ReportOptions): Promise<ReportDocument> {
  const render = formFor(options.out)
  const report = await makeReport(options)
  try {
    await writeFile(options.out, render(report))
  } catch (error) {
    throw new HyperferryError('HF-U001', {
      what: `cannot write ${options.out}: ${messageOf(error)}`,
      hint: 'Name a file in a folder that can be written with --out.',
      cause: error,
    })
  }
  return report
}

/** The report as data, from one consistent look at the books. Throws HF-B014 when nothing was started. */
async function makeReport({ target, plan, tool }: Omit<ReportOptions, 'out'>): Promise<ReportDocument> {
  const session = await target.session()
  try {
    await session.query('begin isolation level repeatable read read only')
    const books = await readBooks(session, plan.migration)
    await session.query('commit')
    if (books === null) {
      throw new HyperferryError('HF-B014', { what: `migration "${plan.migration}" was not started in this target` })
    }
    return reportDocument({ books, plan, target: target.info, tool })
  } finally {
    await session.release()
  }
}

function formFor(file: string): (report: ReportDocument) => string {
  const extension = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase()
  if (extension === 'json') return (report) => `${JSON.stringify(report, null, 2)}\n`
  if (extension === 'md' || extension === 'markdown') return reportMarkdown
  if (extension === 'html' || extension === 'htm') return reportHtml
  throw new HyperferryError('HF-U001', {
    what: `${file} ends in none of .json, .md and .html`,
    hint: 'The extension of --out decides the form of the report.',
  })
}
