import { declareWriter, grantWriter, HyperferryError, showStage } from '../index.ts'
import { text, yes } from './command.ts'
import type { CommandSpec } from './command.ts'
import { oneOf, PLAN } from './flags.ts'
import { previewed } from './preview.ts'
import { fromPlan, mutating } from './settings.ts'
import { writerLines } from './writer-lines.ts'

const ACTIONS = ['list', 'grant', 'declare'] as const

export const writers: CommandSpec = {
  name: 'writers',
  summary: 'Who writes, in which stage; rights for the application; writers declared by hand.',
  details:
    'list shows every process that has registered. grant gives the role of the application what the library needs in the target, and --print-sql also prints the marker table for the source, which its owner makes. declare names a writer that does not use the library; --stopped says that it has ended.',
  examples: [
    'hyperferry writers',
    'hyperferry writers grant --role app --print-sql',
    'hyperferry writers declare nightly-import --max-lateness "1 day"',
    'hyperferry writers declare nightly-import --stopped',
  ],
  mutating: true,
  argument: { name: '[action] [name]', help: `${ACTIONS.join(', ')}; declare takes the writer's name` },
  flags: [
    PLAN,
    { flags: '--role <role>', help: "grant: the application's role in the target." },
    { flags: '--max-lateness <interval>', help: 'declare: how late its rows may come, such as "6 hours".' },
    { flags: '--stopped', help: 'declare: it has ended and will not write any more.' },
  ],
  json: 'list: {stage, epoch, primary, writers:[…]}; else {notes}',
  async run(input, io) {
    const [action = 'list', name] = input.arguments
    oneOf('writers', ACTIONS)(action)
    if (action === 'list') {
      const result = await showStage(fromPlan(input, io))
      const head = `stage ${result.stage}   epoch ${result.epoch}   primary: ${result.primary}`
      return { document: result, text: [head, ...writerLines(result.writers)].join('\n') }
    }
    const common = mutating(input, io)
    const result =
      action === 'grant'
        ? await grantWriter({
            ...common,
            role: needed(
              text(input, 'role'),
              'writers grant needs --role',
              'Name the role of the application in the target.',
            ),
          })
        : await declareWriter({
            ...common,
            name: needed(
              name,
              'writers declare needs a name',
              'Call the writer something: hyperferry writers declare NAME.',
            ),
            maxLateness: text(input, 'maxLateness') ?? null,
            stopped: yes(input, 'stopped'),
          })
    return 'preview' in result ? previewed(result.preview, input) : { document: result, text: result.notes.join('\n') }
  },
}

function needed(value: string | undefined, what: string, hint: string): string {
  if (value !== undefined && value !== '') return value
  throw new HyperferryError('HF-U001', { what, hint })
}
