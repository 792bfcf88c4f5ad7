import { verify as runVerify } from '../index.ts'
import type { VerifyDocument } from '../index.ts'
import { list, number, text, yes } from './command.ts'
import type { CommandSpec } from './command.ts'
import { ACCEPT_QUARANTINE, oneOf, PLAN, SHOW_VALUES, TABLE, wholeNumber } from './flags.ts'
import { brief, columns, count, rows } from './format.ts'
import { fromPlan } from './settings.ts'

const LEVELS = ['estimate', 'count', 'digest', 'rows'] as const

export const verify: CommandSpec = {
  name: 'verify',
  summary: 'Prove that the target holds what the source holds; exit 3 if not, 4 while rows are in quarantine.',
  details:
    'digest compares every range with the digest of its receipt and lets both servers print a sample of rows as text (a second opinion that shares no code with the copy). rows reads both sides again. estimate gives no verdict. While the application writes, rows up to now are compared, younger ones are left out ("settled until"), and what differs is looked at again when every writer has delivered.',
  examples: ['hyperferry verify', 'hyperferry verify --level rows --table event_log --json'],
  mutating: false,
  flags: [
    PLAN,
    TABLE,
    { flags: '--level <level>', help: LEVELS.join(', '), parse: oneOf('--level', LEVELS), default: 'digest' },
    { flags: '--from <instant>', help: 'Only rows from this instant on (ISO 8601).' },
    { flags: '--to <instant>', help: 'Only rows before this instant.' },
    {
      flags: '--sample <rows>',
      help: 'Rows per table that both servers print as text; overrides the plan.',
      parse: wholeNumber('--sample', 0, 10_000_000),
    },
    SHOW_VALUES,
    ACCEPT_QUARANTINE,
  ],
  json: '{equal, level, gates, tables:[{name, ranges, sourceRows, targetRows, settledUntil, different:[{from, to, missing, extra, changed, samples}]}]}',
  async run(input, io) {
    const tables = list(input, 'table')
    const sample = number(input, 'sample')
    const accept = number(input, 'acceptQuarantine')
    const from = text(input, 'from')
    const to = text(input, 'to')
    const result = await runVerify({
      ...fromPlan(input, io),
      level: (text(input, 'level') ?? 'digest') as (typeof LEVELS)[number],
      showValues: yes(input, 'showValues'),
      ...(tables ? { tables } : {}),
      ...(sample === undefined ? {} : { sampleRows: sample }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(accept === undefined ? {} : { acceptQuarantine: accept }),
    })
    const { exitCode, ...document } = result
    return { document, text: render(result), exitCode }
  },
}

/** The verdict table, then every difference: ranges with samples, and what the two servers print differently. */
function render(result: Awaited<ReturnType<typeof runVerify>>): string {
  const lines = result.tables.map((one) => [
    `  ${one.name}`,
    one.equal === null
      ? 'not compared'
      : one.different.length === 0
        ? `${one.ranges} ranges equal`
        : `${one.different.length} of ${one.ranges} ranges different`,
    rows(one.targetRows),
    one.meaning === null ? '' : `${count(one.meaning.rows)} also compared as text`,
    keptBack(one),
    one.settledUntil === null ? '' : `settled until ${one.settledUntil}`,
  ])
  const closed = result.gates.filter(({ ok }) => !ok)
  const open = closed.length > 0 ? 'Equal but for rows in quarantine. Exit 4.' : 'Equal.'
  const verdict = result.equal === null ? 'No verdict: estimates only.' : result.equal ? open : 'Different. Exit 3.'
  return [
    ...columns(lines, [2, 3]),
    ...result.tables.flatMap(differences),
    ...closed.map(({ code, reason }) => `  ✖ ${code}  ${reason}`),
    `Level ${result.level}. ${verdict}`,
  ].join('\n')
}

type Table = VerifyDocument['tables'][number]

function keptBack({ quarantined, open }: Table): string {
  const decided = Number(quarantined) - open
  return [
    ...(open > 0 ? [`${count(open)} in quarantine`] : []),
    ...(decided > 0 ? [`${count(decided)} given up`] : []),
  ].join(', ')
}

function differences(table: Table): string[] {
  const ranges = table.different.flatMap((range) => [
    `  ${table.name} ${range.residual ? 'rows without a position' : `[${range.from ?? '-∞'}, ${range.to ?? '∞'})`}  missing ${range.missing}  extra ${range.extra}  changed ${range.changed}`,
    ...range.samples.map((sample) => `    ${sample.kind}  ${pairs(sample.key)}  ${values(sample)}`.trimEnd()),
  ])
  const meaning = table.meaning?.different.map((one) =>
    `  ${table.name} means something else: ${one.kind}  ${pairs(one.key)}  ${one.column ?? 'whole row'}  ${one.source === undefined ? '' : brief(one.source)}${one.target === undefined ? '' : ` → ${brief(one.target)}`}`.trimEnd(),
  )
  return [...ranges, ...(meaning ?? []), ...table.notes.map((note) => `  ${table.name}: ${note}`)]
}

function values(sample: Table['different'][number]['samples'][number]): string {
  const names = sample.columns ?? Object.keys(sample.source ?? sample.target ?? {})
  if (!sample.source && !sample.target) return names.join(' ')
  return names.map((name) => `${name} ${brief(sample.source?.[name])} → ${brief(sample.target?.[name])}`).join('  ')
}

const pairs = (key: Record<string, string | null>): string =>
  Object.entries(key)
    .map(([name, value]) => `${name}=${brief(value)}`)
    .join('  ')
