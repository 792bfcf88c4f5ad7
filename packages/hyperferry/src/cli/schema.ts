import { schema as runSchema } from '../index.ts'
import type { CommandSpec } from './command.ts'
import { PLAN } from './flags.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

export const schema: CommandSpec = {
  name: 'schema',
  summary: 'Make tables, keys, checks, hypertables and paused policies in the target.',
  details:
    'Can be repeated: what is there and equal is left alone, what is there and different is refused. Indexes and foreign keys follow after the data (see --print-sql).',
  examples: ['hyperferry schema --dry-run', 'hyperferry schema --print-sql > schema.sql', 'hyperferry schema --yes'],
  mutating: true,
  flags: [PLAN],
  json: '{tables, applied:[{table, kind, name}], present, omitted:[{table, what, why}]}',
  async run(input, io) {
    const result = await runSchema(mutating(input, io))
    if ('preview' in result) return previewed(result.preview, input)
    const lines = [
      `${result.applied.length} objects made, ${result.present} were there and equal.`,
      ...result.omitted.map(
        (one) => `  left out: ${one.what}${one.table === null ? '' : ` of ${one.table}`}: ${one.why}`,
      ),
      'Next: hyperferry relational',
    ]
    return { document: result, text: lines.join('\n') }
  },
}
