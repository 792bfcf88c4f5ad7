import { status as runStatus } from '../index.ts'
import type { CommandSpec } from './command.ts'
import { PLAN } from './flags.ts'
import { columns, count } from './format.ts'
import { fromPlan } from './settings.ts'

export const status: CommandSpec = {
  name: 'status',
  summary: 'Where the migration stands.',
  details: 'Reads the control schema only; works while another hyperferry runs.',
  examples: ['hyperferry status', 'hyperferry status --json'],
  mutating: false,
  flags: [PLAN],
  json: '{migration, stage, epoch, step, tables:[{name, kind, rows, quarantined, status}], writers, gates:[{code, ok, reason}]}',
  async run(input, io) {
    const result = await runStatus(fromPlan(input, io))
    const rows = result.tables.map((one) => [
      `  ${one.name}`,
      one.kind,
      count(one.rows),
      one.status,
      one.quarantined === 0 ? '' : `${count(one.quarantined)} in quarantine`,
    ])
    const lines = [
      `${result.migration}: ${result.step === null ? 'not started' : `at ${result.step}`}`,
      ...columns(rows, [2]),
      ...result.gates.map((gate) => `  ${gate.ok ? '✔' : '✖'} ${gate.code}  ${gate.reason}`),
    ]
    return { document: result, text: lines.join('\n') }
  },
}
