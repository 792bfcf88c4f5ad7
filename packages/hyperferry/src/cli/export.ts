import { exportTables } from '../index.ts'
import { list, number, text, yes } from './command.ts'
import type { CommandSpec } from './command.ts'
import { ACCEPT_QUARANTINE, PLAN, WORKERS } from './flags.ts'
import { bytes, columns, count, duration } from './format.ts'
import { fromPlan } from './settings.ts'

export const exportCommand: CommandSpec = {
  name: 'export',
  summary: 'Dump tables to CSV files that load to exactly the same rows.',
  details:
    'Each range is one file, finished as a whole, in a folder of its table, with a manifest.json that says what the files hold. It can be killed and run again at any moment: finished files are kept, and files of others are never overwritten. The target need not be reachable, except for --to T. Any PostgreSQL reads the files: \\copy t from file csv header. Into the migration they go with hyperferry backfill --from-csv, which checks them and keeps the books.',
  examples: [
    'hyperferry export --table reading --out dump',
    'hyperferry export --table reading --out dump --from 2024-01-01T00:00:00Z --to 2024-02-01T00:00:00Z --gzip',
    'hyperferry export --table reading --table event_log --out dump --to T',
  ],
  mutating: false,
  flags: [
    PLAN,
    { flags: '--table <name>', help: 'A table of the plan; repeatable.', many: true, required: true },
    { flags: '--out <dir>', help: 'Folder for the files; each table gets a folder in it.', required: true },
    {
      flags: '--from <instant>',
      help: 'Rows from here on: ISO 8601 (UTC), or a position on the axis. Default the beginning, and rows without a position.',
    },
    {
      flags: '--to <instant>',
      help: 'Rows before this: as --from, or T: what the completion point leaves to the backfill. Default the end.',
    },
    { flags: '--gzip', help: 'Compress the files.' },
    WORKERS,
    ACCEPT_QUARANTINE,
  ],
  json: '{files:[…], rows, bytes, rejected, seconds, tables:[{name, folder, files, rows, bytes, rejected, digest, status}], notes, gates}',
  async run(input, io) {
    const workers = number(input, 'workers')
    const from = text(input, 'from')
    const to = text(input, 'to')
    const result = await exportTables({
      ...fromPlan(input, io),
      tables: list(input, 'table') ?? [],
      out: text(input, 'out') ?? '',
      gzip: yes(input, 'gzip'),
      acceptQuarantine: number(input, 'acceptQuarantine') ?? 0,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(workers === undefined ? {} : { workers }),
    })
    const rows = result.tables.map((one) => [
      `  ${one.name}`,
      count(one.rows),
      bytes(one.bytes),
      `${count(one.files)} files in ${one.folder}${one.status === 'unchanged' ? ' (unchanged)' : ''}`,
      one.rejected === 0 ? '' : `${count(one.rejected)} rejected`,
    ])
    const lines = [
      ...columns(rows, [1, 2]),
      ...result.notes.map((note) => `  ${note}`),
      ...result.gates.filter((gate) => !gate.ok).map((gate) => `  ${gate.code} ${gate.reason}`),
      `${count(result.rows)} rows in ${duration(result.seconds)}.`,
      `Next: carry the folder, then hyperferry backfill --from-csv ${text(input, 'out')}`,
    ]
    return { document: result, text: lines.join('\n'), exitCode: result.exitCode }
  },
}
