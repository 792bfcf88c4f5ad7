import { backfill as runBackfill } from '../index.ts'
import { list, number } from './command.ts'
import type { CommandSpec } from './command.ts'
import { ACCEPT_QUARANTINE, PLAN, TABLE, WORKERS } from './flags.ts'
import { columns, count, duration } from './format.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

export const backfill: CommandSpec = {
  name: 'backfill',
  summary: 'Copy the history of the time series, range by range.',
  details:
    'Each range is one transaction with its receipt, so the command can be killed and run again at any moment: it goes on where the receipts end, also with other workers or task sizes.',
  examples: [
    'hyperferry backfill',
    'hyperferry backfill --table reading --workers 8 --yes',
    'hyperferry backfill --dry-run',
  ],
  mutating: true,
  flags: [PLAN, TABLE, WORKERS, ACCEPT_QUARANTINE],
  json: '{rows, seconds, tasks:{done, total}, quarantined, tables:[{name, rows, quarantined, digest, status, columnstore}], notes}',
  async run(input, io) {
    const tables = list(input, 'table')
    const workers = number(input, 'workers')
    const result = await runBackfill({
      ...mutating(input, io),
      acceptQuarantine: number(input, 'acceptQuarantine') ?? 0,
      ...(tables ? { tables } : {}),
      ...(workers === undefined ? {} : { workers }),
    })
    if ('preview' in result) return previewed(result.preview, input)
    const rows = result.tables.map((one) => [
      `  ${one.name}`,
      count(one.rows),
      one.quarantined === 0 ? '' : `${count(one.quarantined)} in quarantine`,
    ])
    const lines = [
      ...columns(rows, [1]),
      ...result.notes.map((note) => `  ${note}`),
      `${count(result.rows)} rows in ${duration(result.seconds)}, ${result.tasks.done} of ${result.tasks.total} tasks.`,
      'Next: hyperferry verify',
    ]
    return { document: result, text: lines.join('\n'), exitCode: result.exitCode }
  },
}
