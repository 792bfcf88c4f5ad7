import { refresh as runRefresh } from '../index.ts'
import { list } from './command.ts'
import type { CommandSpec } from './command.ts'
import { PLAN, TABLE } from './flags.ts'
import { columns, count } from './format.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

export const refresh: CommandSpec = {
  name: 'refresh',
  summary: 'Refresh the continuous aggregates over the migrated tables, and prove them; exit 3 if one is different.',
  details:
    'Level by level, a chunk at a time, up to the last bucket that is complete now. Each window is compared with the query of the aggregate, row by row. Can be interrupted and run again: windows that were proven and have not changed since are passed over. Buckets whose rows were dropped are left as they are.',
  examples: ['hyperferry refresh --dry-run', 'hyperferry refresh --yes', 'hyperferry refresh --table reading'],
  mutating: true,
  flags: [PLAN, TABLE],
  json: '{aggregates:[{name, table, level, windows:[{from, to, rows, missing, extra, status}], kept:[{from, to}]}], equal, notes, gates:[{code, ok, reason}]}',
  async run(input, io) {
    const tables = list(input, 'table')
    const result = await runRefresh({ ...mutating(input, io), ...(tables ? { tables } : {}) })
    if ('preview' in result) return previewed(result.preview, input)
    const { exitCode, ...document } = result
    const rows = result.aggregates.map((one) => {
      const different = one.windows.filter(({ status }) => status === 'different')
      return [
        `  ${one.name}`,
        `level ${one.level}`,
        `${count(one.windows.length)} windows`,
        `${count(one.windows.reduce((sum, window) => sum + window.rows, 0))} rows`,
        different.length === 0
          ? 'as its query says'
          : `DIFFERENT in ${different.length}, first [${different[0]?.from}, ${different[0]?.to})`,
      ]
    })
    const gates = result.gates
      .filter((gate) => !gate.ok || gate.code === 'HF-J004')
      .map((gate) => `  ${gate.ok ? '▲' : '✖'} ${gate.code}  ${gate.reason}`)
    const next = exitCode === 0 ? ['Next: hyperferry jobs restore'] : []
    return { document, text: [...columns(rows, [2, 3]), ...result.notes, ...gates, ...next].join('\n'), exitCode }
  },
}
