import { backfill as runBackfill } from '../index.ts'
import { list, number, text } from './command.ts'
import type { CommandSpec, Input, Outcome } from './command.ts'
import { ACCEPT_QUARANTINE, PLAN, TABLE, WORKERS } from './flags.ts'
import { columns, count, duration } from './format.ts'
import type { Io } from './io.ts'
import { changePace, PACE_ACTIONS, PACE_FLAGS, refusePaceFlags } from './pace.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

export const backfill: CommandSpec = {
  name: 'backfill',
  summary: 'Copy the history of the time series, range by range; pause it, and set its pace.',
  details:
    'Each range is one transaction with its receipt, so the command can be killed and run again at any moment: it goes on where the receipts end, also with other workers or task sizes. With --from-csv each exported file is such a transaction, checked against its manifest before it is loaded; files and ranges copied directly may be mixed.\n\nBeside live writers with the library it begins with one worker, has more while their writes hardly become slower, and fewer when they do (writerSlowdown).\n\npause, resume and set work from any terminal while it runs (heard within two seconds) and before it runs; they ask nothing, and what they say is kept until it is taken back. A pause lets the running tasks end and holds no transaction, snapshot or lock.',
  examples: [
    'hyperferry backfill',
    'hyperferry backfill --table reading --workers 8 --yes',
    'hyperferry backfill --dry-run',
    'hyperferry backfill --from-csv dump',
    'hyperferry backfill pause --reason "month-end report"',
    'hyperferry backfill resume',
    'hyperferry backfill set --workers 2 --pause-when targetReplicationLag="30 s" --window "22:00-06:00 Europe/Berlin"',
    'hyperferry backfill set --pause-when targetReplicationLag=off --window off',
  ],
  mutating: true,
  argument: { name: '[action]', help: PACE_ACTIONS.join(', '), choices: PACE_ACTIONS },
  flags: [
    PLAN,
    TABLE,
    WORKERS,
    {
      flags: '--from-csv <dir>',
      help: 'Load the files that `hyperferry export` made in this folder instead of reading the source.',
    },
    ACCEPT_QUARANTINE,
    ...PACE_FLAGS,
  ],
  json: '{rows, seconds, tasks:{done, total}, quarantined, tables:[{name, rows, quarantined, digest, status, columnstore}], notes}; pause, resume, set: {running, paused:{by, at, reason}, reasons:[{code, what, now, limit, resumesBelow}], workers, spared:{workers, most, p50Ms, p99Ms, limits:{p50Ms, p99Ms}, moreInMs}, pauseWhen, window, writerSlowdown, setBy}',
  run: (input, io) => (input.argument === null ? copy(input, io) : changePace(input, io)),
}

async function copy(input: Input, io: Io): Promise<Outcome> {
  refusePaceFlags(input)
  const tables = list(input, 'table')
  const workers = number(input, 'workers')
  const fromCsv = text(input, 'fromCsv')
  const result = await runBackfill({
    ...mutating(input, io),
    acceptQuarantine: number(input, 'acceptQuarantine') ?? 0,
    noWait: input.flags['wait'] === false,
    ...(tables ? { tables } : {}),
    ...(fromCsv === undefined ? {} : { fromCsv }),
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
}
