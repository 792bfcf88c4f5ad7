import { completionPoint as run } from '../index.ts'
import type { CompletionResult } from '../index.ts'
import { text, yes } from './command.ts'
import type { CommandSpec, Outcome } from './command.ts'
import { PLAN } from './flags.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'
import { writtenPicture, writtenRoster } from './completion-picture.ts'

export const completionPoint: CommandSpec = {
  name: 'completion-point',
  summary: 'Find and prove the instant T that divides history from dual-writes.',
  details:
    'T comes after the moment in which the last writer began to write to both databases, by as much as rows are stamped ahead and clocks may be wrong; for tables without a key it must also be so old that no older row comes. Then both databases are counted from T on. Either every time series gets its point or none does, and everything that speaks against it is said at once (exit 4).',
  examples: [
    'hyperferry completion-point --explain',
    'hyperferry completion-point --wait --yes',
    'hyperferry completion-point --set 2026-11-22T14:00:00Z',
  ],
  mutating: true,
  flags: [
    PLAN,
    { flags: '--set <instant>', help: 'Check this T (ISO 8601, UTC) instead of choosing one.' },
    { flags: '--wait', help: 'Wait until T is old enough. Default: ten seconds at most.' },
    { flags: '--explain', help: 'Show rows of both databases around T.' },
  ],
  json: '{T, grade, tables:[{name, T, raw, earliest, latest, refusals:[{code, message}], lateness, buckets}], coverage, writers, refusals, notes}',
  async run(input, io) {
    const set = text(input, 'set')
    const result = await run({
      ...mutating(input, io),
      wait: yes(input, 'wait'),
      explain: yes(input, 'explain'),
      ...(set === undefined ? {} : { set }),
    })
    return 'preview' in result ? previewed(result.preview, input) : shown(result)
  },
}

function shown({ exitCode, ...document }: CompletionResult & { exitCode: number }): Outcome {
  const lines = document.tables.flatMap((table) => [
    ...writtenPicture(table, document),
    `  ${table.name}   ${table.T === null ? 'no T' : `T = ${table.T}`}`,
    ...table.refusals.map(({ code, message }) => `    ✖ ${code}  ${message}`),
  ])
  const refused = document.refusals.map(({ code, message }) => `  ✖ ${code}  ${message}`)
  const verdict =
    document.T === null
      ? 'Refused: nothing was kept.'
      : `T = ${document.T}   ${document.grade}. Next: hyperferry backfill`
  return {
    document,
    text: [...lines, writtenRoster(document), ...refused, ...document.notes, verdict].join('\n'),
    exitCode,
  }
}
