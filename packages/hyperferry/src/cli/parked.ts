import { listParkedRecords, settleParkedRecords } from '../index.ts'
import type { ParkedDocument, SettledDocument } from '../index.ts'
import { yes } from './command.ts'
import type { CommandSpec, Input, Outcome } from './command.ts'
import { PLAN, SHOW_VALUES, wholeNumber } from './flags.ts'
import { brief, rows } from './format.ts'
import { previewed } from './preview.ts'
import { fromPlan, mutating } from './settings.ts'

const ACTIONS = ['list', 'requeue', 'discard'] as const

export const parked: CommandSpec = {
  name: 'parked',
  summary: 'Live writes that a database refused for good.',
  details:
    'The records behind a parked one went on; the gates are closed until none is open. Mend what the reason says (a missing column, a constraint), then requeue. discard gives the records up: the databases stay different there, and a suspect window stays open until a verify of everything.',
  examples: ['hyperferry parked list', 'hyperferry parked requeue', 'hyperferry parked discard --id 12'],
  mutating: true,
  argument: { name: '<action>', help: ACTIONS.join(', '), choices: ACTIONS },
  flags: [
    PLAN,
    {
      flags: '--id <n>',
      help: 'Only this record; repeatable. Default: all that are open.',
      parse: wholeNumber('--id', 1, Number.MAX_SAFE_INTEGER),
      many: true,
    },
    SHOW_VALUES,
  ],
  json: 'list: {open, records:[{id, direction, writer, table, rows, sqlstate, reason, at, keys, values?}]}; else {settled:[{id, table, outcome}], left:[{id, table, sqlstate, reason}]}',
  async run(input, io) {
    const ids = idsOf(input)
    if (input.argument !== 'requeue' && input.argument !== 'discard') {
      return listed(await listParkedRecords({ ...fromPlan(input, io), ids, showValues: yes(input, 'showValues') }))
    }
    const result = await settleParkedRecords({ ...mutating(input, io), ids, how: input.argument })
    return 'preview' in result ? previewed(result.preview, input) : settled(result)
  },
}

function idsOf(input: Input): number[] {
  const value = input.flags['id']
  return Array.isArray(value) ? value.filter((one) => typeof one === 'number') : []
}

function listed(document: ParkedDocument): Outcome {
  const lines = document.records.flatMap((one) => [
    `  ${one.id}  ${one.table}  ${rows(one.rows)} ${one.direction}  ${one.writer}  ${one.sqlstate ?? ''}  ${one.reason}`,
    ...(one.values ?? one.keys).map((row) => `      ${pairs(row)}`),
  ])
  lines.push(`${document.open} parked.`)
  return { document, text: lines.join('\n') }
}

function settled({ exitCode, ...document }: SettledDocument): Outcome {
  const lines = [
    ...document.settled.map(({ id, table, outcome }) => `  ${id}  ${table}  ${outcome}`),
    ...document.left.map(
      ({ id, table, sqlstate, reason }) => `  ✖ HF-W016  ${id}  ${table}  ${sqlstate ?? ''}  ${reason}`,
    ),
    `${document.settled.length} settled, ${document.left.length} left.`,
  ]
  return { document, text: lines.join('\n'), exitCode }
}

function pairs(row: Readonly<Record<string, string | null>>): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}=${brief(value)}`)
    .join(' ')
}
