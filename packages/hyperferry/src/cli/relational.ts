import { relational as runRelational } from '../index.ts'
import { number } from './command.ts'
import type { CommandSpec } from './command.ts'
import { ACCEPT_QUARANTINE, PLAN } from './flags.ts'
import { columns, count } from './format.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

export const relational: CommandSpec = {
  name: 'relational',
  summary: 'Copy the relational tables whole, from one consistent snapshot.',
  details: 'One transaction in the target: all tables or none. Then indexes, foreign keys and sequences.',
  examples: ['hyperferry relational', 'hyperferry relational --yes --json'],
  mutating: true,
  flags: [PLAN, ACCEPT_QUARANTINE],
  json: '{tables:[{name, rows, quarantined, status}], quarantined, notes}',
  async run(input, io) {
    const result = await runRelational({
      ...mutating(input, io),
      acceptQuarantine: number(input, 'acceptQuarantine') ?? 0,
    })
    if ('preview' in result) return previewed(result.preview, input)
    const rows = result.tables.map((one) => [`  ${one.name}`, count(one.rows), quarantinedText(one.quarantined)])
    return {
      document: result,
      text: [...columns(rows, [1]), ...result.notes.map((note) => `  ${note}`), 'Next: hyperferry backfill'].join('\n'),
      exitCode: result.exitCode,
    }
  },
}

function quarantinedText(rows: number): string {
  return rows === 0 ? '' : `${count(rows)} in quarantine`
}
