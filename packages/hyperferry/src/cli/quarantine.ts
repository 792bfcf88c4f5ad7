import { quarantineList } from '../index.ts'
import { list, number, yes } from './command.ts'
import type { CommandSpec } from './command.ts'
import { PLAN, SHOW_VALUES, TABLE, wholeNumber } from './flags.ts'
import { brief, rows } from './format.ts'
import { fromPlan } from './settings.ts'

export const quarantine: CommandSpec = {
  name: 'quarantine',
  summary: 'Rows that could not be represented, with reason and source key.',
  examples: ['hyperferry quarantine list', 'hyperferry quarantine list --table event_log --show-values --json'],
  mutating: false,
  argument: { name: '<action>', help: 'list', choices: ['list'] },
  flags: [
    PLAN,
    TABLE,
    SHOW_VALUES,
    { flags: '--limit <n>', help: 'At most n rows.', parse: wholeNumber('--limit', 1, 1_000_000), default: 100 },
  ],
  json: '{open, rows:[{table, code, column, reason, sqlstate, key, values?}]}',
  async run(input, io) {
    const tables = list(input, 'table')
    const result = await quarantineList({
      ...fromPlan(input, io),
      limit: number(input, 'limit') ?? 100,
      showValues: yes(input, 'showValues'),
      ...(tables ? { tables } : {}),
    })
    const lines = result.rows.map((row) => {
      const key = Object.entries(row.key).map(([name, value]) => `${name}=${brief(value)}`)
      return `  ${row.table}  ${row.code}  ${key.join(' ')}  ${row.column ?? ''}  ${row.reason}`
    })
    lines.push(`${rows(result.open)} in quarantine.`)
    return { document: result, text: lines.join('\n') }
  },
}
