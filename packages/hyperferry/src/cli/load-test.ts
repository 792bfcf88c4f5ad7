import { loadTest as runLoadTest } from '../index.ts'
import type { LoadTestResult } from '../index.ts'
import { number, text } from './command.ts'
import type { CommandSpec } from './command.ts'
import { PLAN, wholeNumber } from './flags.ts'
import { columns } from './format.ts'
import { fromPlan } from './settings.ts'

export const loadTest: CommandSpec = {
  name: 'load-test',
  summary: "Run the application's queries on the target: same results, fast enough; exit 3 if not.",
  details:
    'Reads only. Each query that has a form for the source is first run on both sides and compared, three times before it is called different: the application may write between the two looks. Then all of them run on the target at the same time. docs/reference/load-test.md shows the form of the file.',
  examples: [
    'hyperferry load-test --queries queries.yaml',
    'hyperferry load-test --queries queries.yaml --concurrency 32 --seconds 60',
  ],
  mutating: false,
  flags: [
    PLAN,
    { flags: '--queries <file>', help: 'The queries.', required: true },
    {
      flags: '--concurrency <n>',
      help: 'Queries at the same time on the target. Default 8.',
      parse: wholeNumber('--concurrency', 1, 1000),
    },
    {
      flags: '--seconds <s>',
      help: 'How long the load lasts. Default 10.',
      parse: wholeNumber('--seconds', 0, 86_400),
    },
    {
      flags: '--source-runs <n>',
      help: 'How often each query is timed on the source, one at a time. Default 5; 0: only to compare.',
      parse: wholeNumber('--source-runs', 0, 1_000_000),
    },
  ],
  json: '{ok, queries:[{name, equal, difference, runs, errors, error, source:{p50, p95, p99}, target:{p50, p95, p99}, limitMs, ok}]}',
  async run(input, io) {
    const concurrency = number(input, 'concurrency')
    const seconds = number(input, 'seconds')
    const sourceRuns = number(input, 'sourceRuns')
    const { exitCode, ...document } = await runLoadTest({
      ...fromPlan(input, io),
      queries: text(input, 'queries') ?? '',
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(seconds === undefined ? {} : { seconds }),
      ...(sourceRuns === undefined ? {} : { sourceRuns }),
    })
    return { document, text: render(document), exitCode }
  },
}

function render({ queries, ok }: LoadTestResult): string {
  const lines = queries.map((one) => [
    `  ${one.ok ? '✔' : '✖'} ${one.name}`,
    `source ${ms(one.source?.p50)} / ${ms(one.source?.p99)}`,
    `target ${ms(one.target?.p50)} / ${ms(one.target?.p99)} ms`,
    one.equal === null ? 'not compared' : one.equal ? 'equal' : 'DIFFERENT',
    one.limitMs === null ? 'no limit' : `limit ${ms(one.limitMs)} ms`,
    verdict(one),
  ])
  const why = queries.flatMap(({ name, difference, error }) =>
    [difference, error].flatMap((each) => (each === null ? [] : [`  ${name}: ${each}`])),
  )
  return [
    ...columns(lines, [1, 2, 4]),
    ...why,
    ok ? 'Passed (p50 / p99). Next: hyperferry cutover' : 'Not passed (p50 / p99). Exit 3.',
  ].join('\n')
}

function verdict(one: LoadTestResult['queries'][number]): string {
  if (one.errors > 0) return `${one.errors} of ${one.runs} failed`
  if (one.equal === false) return 'different'
  return one.ok ? 'ok' : 'too slow'
}

const ms = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(1))
