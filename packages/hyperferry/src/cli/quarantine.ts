import { HyperferryError, isRowId, quarantineDiscard, quarantineFix, quarantineRetry, readFixes } from '../index.ts'
import type { Fix, Previewed, SettledRows } from '../index.ts'
import { list, text } from './command.ts'
import type { CommandSpec, Input, Outcome } from './command.ts'
import { PLAN, SHOW_VALUES, TABLE, wholeNumber } from './flags.ts'
import { previewed } from './preview.ts'
import { listed } from './quarantine-list.ts'
import { mutating } from './settings.ts'

const ACTIONS = ['list', 'fix', 'retry', 'discard'] as const

export const quarantine: CommandSpec = {
  name: 'quarantine',
  summary: 'Rows that could not be represented: see them, fix them, try them again, or give them up.',
  details:
    'list shows them with reason and source key; --out writes them to a file, with all values. fix puts a row into the target with values of yours (--set, --null, or a file with "set" added to its lines); the other columns come from the source. retry reads rows again after the source (or the target) was mended. discard gives rows up; the reason is recorded with your name. While rows are in quarantine the migration is not proven: verify ends with exit 4.',
  examples: [
    'hyperferry quarantine list --table event_log --show-values',
    'hyperferry quarantine list --out rows.jsonl',
    "hyperferry quarantine fix 7 --set 'note=without the NUL'",
    'hyperferry quarantine fix --from rows.jsonl',
    'hyperferry quarantine retry --code HF-D006',
    'hyperferry quarantine discard 7 8 --reason "test rows of 2019"',
  ],
  mutating: true,
  argument: { name: '<action> [ids...]', help: ACTIONS.join(', '), choices: ACTIONS },
  flags: [
    PLAN,
    TABLE,
    { flags: '--code <code>', help: 'Only rows kept back for this reason (HF-D…); repeatable.', many: true },
    { flags: '--set <column=value>', help: 'fix: a value as PostgreSQL reads it; repeatable.', many: true },
    { flags: '--null <column>', help: 'fix: NULL for this column; repeatable.', many: true },
    { flags: '--from <file>', help: 'fix: a file of `list --out` with "set": {"column": "value"} added to lines.' },
    { flags: '--reason <text>', help: 'discard: why; recorded with your name.' },
    { flags: '--all', help: 'list: also rows that were settled; discard: every row that is open.' },
    SHOW_VALUES,
    {
      flags: '--limit <n>',
      help: 'list: at most n rows (default 100; without limit in a file).',
      parse: wholeNumber('--limit', 1, 1_000_000),
    },
    { flags: '--out <file>', help: 'list: write the rows with all values to a new file, one JSON object a line.' },
  ],
  json: 'list: {open, rows:[{id, table, code, column, reason, sqlstate, key, status, values?}]}, with --out {open, file, rows}; else {counts, settled:[{id, table, outcome}], left:[{id, table, code, column, sqlstate, reason}], open}',
  async run(input, io) {
    const ids = input.arguments.slice(1)
    const odd = ids.find((id) => !isRowId(id))
    if (odd !== undefined) throw usage(`${odd}: not the number of a row`, 'See `hyperferry quarantine list`.')
    refuseStrays(input)
    switch (input.argument) {
      case 'list':
        if (ids.length > 0) throw usage('list takes no row numbers', 'Use --table or --code.')
        return listed(input, io)
      case 'fix':
        return settled(await quarantineFix({ ...mutating(input, io), fixes: fixesOf(input, ids) }), input)
      case 'retry':
        return settled(await quarantineRetry({ ...mutating(input, io), ...meant(input, ids) }), input)
      default:
        return settled(await quarantineDiscard({ ...mutating(input, io), ...given(input, ids) }), input)
    }
  },
}

/** Flags that only some of the actions know. */
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  table: ['list', 'retry', 'discard'],
  code: ['list', 'retry', 'discard'],
  set: ['fix'],
  null: ['fix'],
  from: ['fix'],
  reason: ['discard'],
  all: ['list', 'discard'],
  showValues: ['list'],
  limit: ['list'],
  out: ['list'],
}

/** A filter that is not heeded would be worse than none. */
function refuseStrays({ argument, flags }: Input): void {
  const stray = Object.keys(BELONGS).find(
    (name) => flags[name] !== undefined && BELONGS[name]?.includes(argument ?? '') === false,
  )
  if (stray === undefined) return
  const flag = stray.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw usage(`--${flag} is not for ${argument ?? ''}`, `It belongs to: ${BELONGS[stray]?.join(', ') ?? ''}.`)
}

function fixesOf(input: Input, ids: readonly string[]): Fix[] {
  const from = text(input, 'from')
  const set = [...(list(input, 'set') ?? []).map(assignment), ...(list(input, 'null') ?? []).map(nothing)]
  if (from !== undefined) {
    if (ids.length > 0 || set.length > 0) throw usage('--from goes alone', 'Rows and values stand in the file.')
    const fixes = readFixes(from)
    if (fixes.length > 0) return fixes
    throw usage(`${from}: no line has "set"`, 'Add "set": {"column": "value"} to the rows that should be fixed.')
  }
  const [id] = ids
  if (id === undefined || ids.length > 1 || set.length === 0) {
    throw usage('fix takes one row and what is to be set', 'hyperferry quarantine fix 7 --set column=value')
  }
  const twice = set.find(([name], index) => set.findIndex(([other]) => other === name) !== index)
  if (twice !== undefined) throw usage(`${twice[0]} is given twice`, 'Give each column one value.')
  return [{ id, set: Object.fromEntries(set) }]
}

function assignment(one: string): [string, string] {
  const at = one.indexOf('=')
  if (at < 1) throw usage(`--set ${one}: no column=value`, 'For example: --set opened=2024-01-31')
  return [one.slice(0, at), one.slice(at + 1)]
}

function nothing(column: string): [string, null] {
  return [column, null]
}

/** retry of nothing in particular is retry of everything. */
function meant(input: Input, ids: readonly string[]): { ids?: string[]; tables?: string[]; codes?: string[] } {
  const [tables, codes] = [list(input, 'table'), list(input, 'code')]
  if (ids.length > 0 && (tables !== undefined || codes !== undefined)) {
    throw usage('give rows by their numbers or by --table and --code', 'Not both.')
  }
  return { ...(ids.length > 0 ? { ids: [...ids] } : {}), ...(tables ? { tables } : {}), ...(codes ? { codes } : {}) }
}

/** Nobody gives up everything by leaving something out. */
function given(input: Input, ids: readonly string[]): ReturnType<typeof meant> & { reason: string } {
  const rows = meant(input, ids)
  const reason = text(input, 'reason')?.trim() ?? ''
  if (reason === '') throw usage('discard needs --reason', 'Say why these rows may be missing in the target.')
  if (Object.keys(rows).length === 0 && input.flags['all'] !== true) {
    throw usage('discard needs to know which rows', 'Give their numbers, --table, --code, or --all.')
  }
  return { ...rows, reason }
}

function settled(result: SettledRows | Previewed, input: Input): Outcome {
  if ('preview' in result) return previewed(result.preview, input)
  const { exitCode, ...document } = result
  const lines = [
    ...document.settled.map(
      ({ id, table, outcome, columns }) =>
        `  ${id}  ${table}  ${WORDS[outcome]}${columns === undefined ? '' : `: ${columns.join(', ')}`}`,
    ),
    ...document.left.map(
      ({ id, table, code, column, sqlstate, reason }) =>
        `  ✖ ${[code, id, table, column, sqlstate, reason].filter((part) => part !== null).join('  ')}`,
    ),
  ]
  const { left, unchanged, ...done } = document.counts
  const sum = Object.values(done).reduce((all, count) => all + count, 0)
  lines.push(
    `${sum} settled, ${left} left${unchanged === 0 ? '' : `, ${unchanged} settled before`}. In quarantine now: ${document.open}.`,
  )
  if (sum > 0) lines.push('Next: hyperferry verify')
  return { document, text: lines.join('\n'), exitCode }
}

const WORDS = {
  fixed: 'fixed',
  delivered: 'fits now',
  gone: 'is not in the source any more',
  discarded: 'discarded',
} as const

function usage(what: string, hint: string): HyperferryError {
  return new HyperferryError('HF-U001', { what, hint })
}
