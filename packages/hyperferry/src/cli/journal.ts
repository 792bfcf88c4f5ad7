import { HyperferryError, journalDeclareLost } from '../index.ts'
import type { CommandSpec } from './command.ts'
import { oneOf, PLAN } from './flags.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

export const journal: CommandSpec = {
  name: 'journal',
  summary: 'Give up the journal of a writer that will not come back.',
  details:
    'A writer that was killed takes up its journal when it starts again in the same folder. Only when the folder is gone: declare-lost. What it had not delivered may then be in one database only, so a suspect window stays open until everything was compared.',
  examples: ['hyperferry journal declare-lost ingest-3'],
  mutating: true,
  argument: { name: '<action> <name>', help: 'declare-lost, and the name of the writer' },
  flags: [PLAN],
  json: '{notes}',
  async run(input, io) {
    const [action = '', name = ''] = input.arguments
    oneOf('journal', ['declare-lost'])(action)
    if (name === '') throw new HyperferryError('HF-U001', { what: 'journal declare-lost needs the name of a writer' })
    const result = await journalDeclareLost({ ...mutating(input, io), name })
    return 'preview' in result ? previewed(result.preview, input) : { document: result, text: result.notes.join('\n') }
  },
}
