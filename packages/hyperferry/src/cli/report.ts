import { report as writeReport } from '../index.ts'
import { text } from './command.ts'
import type { CommandSpec } from './command.ts'
import { PLAN } from './flags.ts'
import { fromPlan } from './settings.ts'

export const report: CommandSpec = {
  name: 'report',
  summary: 'Write the evidence: what was moved, how it was proven, what was changed or kept back.',
  examples: ['hyperferry report', 'hyperferry report --out plant.html'],
  mutating: false,
  flags: [
    PLAN,
    {
      flags: '--out <file>',
      help: 'File to write; .json, .md or .html decides the form.',
      default: 'hyperferry-report.json',
    },
  ],
  json: '{file}',
  async run(input, io) {
    const result = await writeReport({ ...fromPlan(input, io), out: text(input, 'out') ?? 'hyperferry-report.json' })
    return { document: result, text: `Written: ${result.file}` }
  },
}
