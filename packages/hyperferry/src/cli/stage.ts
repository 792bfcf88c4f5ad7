import { setStage, showStage, stageNamed } from '../index.ts'
import type { StageResult } from '../index.ts'
import type { CommandSpec, Outcome } from './command.ts'
import { PLAN } from './flags.ts'
import { previewed } from './preview.ts'
import { fromPlan, mutating } from './settings.ts'
import { writerLines } from './writer-lines.ts'

export const stage: CommandSpec = {
  name: 'stage',
  summary: 'Show or set in which stage the writers are.',
  details:
    'Without a name it shows how it stands. dualwrite: every write goes to both databases, the source decides. off: back to the source alone, as long as no history was copied. The roles change with cutover and rollback.',
  examples: ['hyperferry stage', 'hyperferry stage dualwrite'],
  mutating: true,
  argument: { name: '[name]', help: 'off or dualwrite' },
  flags: [PLAN],
  json: '{stage, epoch, primary, writers:[{id, name, kind, state, stage, epoch, dualSince, pending, inDoubt, …}], notes}',
  async run(input, io) {
    if (input.argument === null) return shown(await showStage(fromPlan(input, io)))
    const result = await setStage({ ...mutating(input, io), to: stageNamed(input.argument) })
    return 'preview' in result ? previewed(result.preview, input) : shown(result)
  },
}

function shown(result: StageResult): Outcome {
  const { epoch, primary, writers, notes } = result
  const text = [`stage ${result.stage}   epoch ${epoch}   primary: ${primary}`, ...writerLines(writers), ...notes]
  return { document: result, text: text.join('\n') }
}
