/** How a dry run is shown. */
import type { Preview } from '../index-copy.ts'
import { yes } from './command.ts'
import type { Input, Outcome } from './command.ts'

/** The outcome of --dry-run and --print-sql, and of a person who said no. */
export function previewed(preview: Preview, input: Input): Outcome {
  const head = [preview.title, ...preview.lines.map((line) => `  ${line}`)]
  const body = yes(input, 'printSql') ? preview.sql : head
  return { document: { dryRun: true, ...preview }, text: body.join('\n') }
}
