import { HyperferryError, jobsPause, jobsRestore, jobsRun, jobsStatus } from '../index.ts'
import type { JobsResult } from '../index.ts'
import { number, yes } from './command.ts'
import type { CommandSpec, Input, Outcome } from './command.ts'
import { PLAN, wholeNumber } from './flags.ts'
import { columns } from './format.ts'
import type { Io } from './io.ts'
import { previewed } from './preview.ts'
import { fromPlan, mutating } from './settings.ts'

const ACTIONS = ['pause', 'restore', 'status', 'run'] as const
const FIRST_JOB = 1000

export const jobs: CommandSpec = {
  name: 'jobs',
  summary: 'Pause the policies of the migrated tables, and put them back exactly.',
  details:
    'Columnstore, retention, reorder and refresh policies of the migrated hypertables and of continuous aggregates over them; no job of another table is touched, and none that was paused before. restore starts what pause has paused and what schema has made paused: refresh first, retention last. A job that somebody has changed meanwhile is told and left.',
  examples: [
    'hyperferry jobs status',
    'hyperferry jobs pause --yes',
    'hyperferry jobs restore --staggered',
    'hyperferry jobs run --job 1003',
  ],
  mutating: true,
  argument: { name: '<action>', help: ACTIONS.join(', '), choices: ACTIONS },
  flags: [
    PLAN,
    {
      flags: '--job <id>',
      help: 'pause: this action too, although it belongs to no table. run: the jobs to run. Repeatable.',
      parse: wholeNumber('--job', FIRST_JOB, 2 ** 31 - 1),
      many: true,
    },
    { flags: '--staggered', help: 'restore: starts a minute apart instead of all at once.' },
    {
      flags: '--wait <seconds>',
      help: 'pause: how long to wait for jobs that run at this moment. Default: until they end.',
      parse: wholeNumber('--wait', 0, 1_000_000),
    },
  ],
  json: '{jobs:[{id, kind, name, table, object, before:{scheduled, nextStart}, after:{scheduled, nextStart}, outcome, reason}], notes, gates:[{code, ok, reason}]}',
  async run(input, io) {
    const result = await act(input, io)
    return 'preview' in result ? previewed(result.preview, input) : shown(result)
  },
}

async function act(input: Input, io: Io) {
  const ids = jobIds(input)
  switch (input.argument) {
    case 'pause': {
      const wait = number(input, 'wait')
      return jobsPause({ ...mutating(input, io), jobs: ids, ...(wait === undefined ? {} : { wait }) })
    }
    case 'restore':
      return jobsRestore({ ...mutating(input, io), staggered: yes(input, 'staggered') })
    case 'run':
      if (ids.length > 0) return jobsRun({ ...mutating(input, io), jobs: ids })
      throw new HyperferryError('HF-U001', {
        what: 'jobs run needs --job',
        hint: 'Name the jobs with --job ID; hyperferry jobs status lists them.',
      })
    default:
      return jobsStatus(fromPlan(input, io))
  }
}

function jobIds(input: Input): number[] {
  const value = input.flags['job']
  return Array.isArray(value) ? value.filter((one) => typeof one === 'number') : []
}

function shown({ exitCode, ...document }: JobsResult): Outcome {
  const rows = document.jobs.map((job) => [
    `  ${job.id}`,
    job.kind,
    job.object ?? job.name,
    job.outcome,
    job.after?.scheduled === true && job.after.nextStart !== null ? `next ${job.after.nextStart}` : '',
    job.reason ?? '',
  ])
  const gates = document.gates.filter((gate) => !gate.ok).map((gate) => `  ✖ ${gate.code}  ${gate.reason}`)
  return { document, text: [...columns(rows, [0]), ...document.notes, ...gates].join('\n'), exitCode }
}
