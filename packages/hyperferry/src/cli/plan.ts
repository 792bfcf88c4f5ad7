import { HyperferryError, makePlanFile } from '../index.ts'
import type { Finding, PlanDocument } from '../index.ts'
import { list, number, text, yes } from './command.ts'
import type { CommandSpec } from './command.ts'
import { wholeNumber } from './flags.ts'
import { bytes, columns, count, duration, rows } from './format.ts'

const MARKS = { block: '✖', decide: '✖', warn: '▲', info: '·' } as const

export const plan: CommandSpec = {
  name: 'plan',
  summary: 'Inspect both databases, profile the values, propose the plan.',
  details: 'Reads only. Writes the plan file, which is made for your review; nothing else is changed anywhere.',
  examples: [
    'hyperferry plan --source mysql://reader@db1/plant --target postgres://owner@ts1/plant',
    'hyperferry plan --source sqlite:./plant.db --target postgres://owner@ts1/plant --full',
    "HYPERFERRY_SOURCE=… HYPERFERRY_TARGET=… hyperferry plan --source '${HYPERFERRY_SOURCE}' --target '${HYPERFERRY_TARGET}'",
  ],
  mutating: false,
  flags: [
    { flags: '--source <url>', help: 'mysql://, mariadb:// or sqlite: URL. Default: HYPERFERRY_SOURCE.' },
    { flags: '--target <url>', help: 'postgres:// URL. Default: HYPERFERRY_TARGET.' },
    { flags: '--out <file>', help: 'The plan file to write.', default: 'hyperferry.yaml' },
    { flags: '--force', help: 'Replace the file if it exists.' },
    { flags: '--full', help: 'Look at every value instead of a sample.' },
    { flags: '--sample <rows>', help: 'Rows looked at per table.', parse: wholeNumber('--sample', 100, 1_000_000_000) },
    { flags: '--name <migration>', help: 'Name of the migration. Default: the source database.' },
    { flags: '--target-schema <schema>', help: 'Schema of the target for the tables.', default: 'public' },
    { flags: '--timezone <zone>', help: 'IANA zone of wall-clock columns (DATETIME).', default: 'UTC' },
    { flags: '--exclude <table>', help: 'Leave this source table out; repeatable.', many: true },
  ],
  json: '{migration, file, tables:[{name, kind, timeColumn, split, rows, bytes, chunkInterval}], findings:[{code, severity, table, column, count:{value, exact}, message, action}], forecast}',
  async run(input, io) {
    const source = text(input, 'source') ?? fromEnvironment(io.env, 'HYPERFERRY_SOURCE')
    const target = text(input, 'target') ?? fromEnvironment(io.env, 'HYPERFERRY_TARGET')
    if (!source || !target) {
      throw new HyperferryError('HF-U001', {
        what: `plan needs a ${source ? 'target' : 'source'}`,
        hint: `Give --${source ? 'target' : 'source'} URL, or set HYPERFERRY_${source ? 'TARGET' : 'SOURCE'}.`,
      })
    }
    const sample = number(input, 'sample')
    const name = text(input, 'name')
    const result = await makePlanFile({
      source,
      target,
      out: text(input, 'out') ?? 'hyperferry.yaml',
      force: yes(input, 'force'),
      full: yes(input, 'full'),
      targetSchema: text(input, 'targetSchema') ?? 'public',
      timezone: text(input, 'timezone') ?? 'UTC',
      exclude: list(input, 'exclude') ?? [],
      env: io.env,
      events: io.events,
      signal: io.signal,
      ...(sample === undefined ? {} : { sampleRows: sample }),
      ...(name === undefined ? {} : { migration: name }),
    })
    return { document: result, text: render(result) }
  },
}

function render(result: PlanDocument): string {
  const series = result.tables.filter((one) => one.kind === 'timeseries')
  const others = result.tables.filter((one) => one.kind === 'relational')
  const lines = [
    `  Source   ${result.source.product} ${result.source.version}   ${result.source.database}   ${result.tables.length} tables   ${bytes(result.source.bytes)}   (read-only account: ${answer(result.source.readOnly)})`,
    `  Target   ${result.target.description}`,
    '',
    ...columns(
      series.map((one) => [
        `  ${one.name}`,
        `time series by ${one.timeColumn ?? ''} (${one.timeType ?? ''})`,
        rows(one.rows),
        one.chunkInterval === null ? '' : `chunk ${one.chunkInterval}`,
      ]),
      [2],
    ),
  ]
  if (others.length > 0) {
    const shown = others.slice(0, 6).map((one) => one.name)
    const more = others.length > shown.length ? ` … ${others.length - shown.length} more` : ''
    lines.push(`  ${shown.join(', ')}${more}   relational   copied whole`)
  }
  const decide = result.findings.filter((one) => one.severity === 'decide' || one.severity === 'block')
  const know = result.findings.filter((one) => one.severity === 'warn')
  lines.push(
    '',
    `  ${decide.length} ${decide.length === 1 ? 'thing needs' : 'things need'} a decision, ${know.length} you should know   (all in ${result.file})`,
  )
  lines.push(...columns([...grouped(decide), ...grouped(know)].slice(0, 24)))
  if (result.forecast.seconds !== null) {
    lines.push(
      '',
      `  Estimated copy: ${duration(result.forecast.seconds)} at ${count(result.forecast.rowsPerSecond)} rows/s (measured on a sample), ${bytes(result.forecast.targetBytes)} on the target.`,
    )
  }
  lines.push(`  Written: ${result.file}. Next: review it, then  hyperferry schema --dry-run`)
  return lines.join('\n')
}

/** One line for each finding; more than three of one code become one line. */
function grouped(findings: readonly Finding[]): string[][] {
  const codes = [...new Set(findings.map((one) => one.code))]
  return codes.flatMap((code) => {
    const same = findings.filter((one) => one.code === code)
    const [first] = same
    if (first === undefined) return []
    const shown = same.length > 3 ? [first] : same
    const more = same.length > shown.length ? `   … and ${same.length - shown.length} more of this kind` : ''
    return shown.map((one) => [
      `  ${MARKS[one.severity]} ${one.code}`,
      [one.table, one.column].filter((part) => part !== null).join('.'),
      `${oneLine(one.message)}${one.severity === 'warn' ? '' : ` → ${one.action}`}${more}`,
    ])
  })
}

function oneLine(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ')
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`
}

/** A reference, so that the plan refers to the variable too. */
function fromEnvironment(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] ? `\${${name}}` : undefined
}

function answer(value: boolean | null): string {
  return value === null ? 'unknown' : value ? 'yes' : 'no'
}
