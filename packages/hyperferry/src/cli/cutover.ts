import { cutover as runCutover, finish as runFinish, rollback as runRollback } from '../index.ts'
import type { CutoverResult, FinishResult, Gate, Preview, RollbackResult } from '../index.ts'
import { list, number, text, yes } from './command.ts'
import type { CommandSpec, Flag, Input, Outcome } from './command.ts'
import { PLAN, wholeNumber } from './flags.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

const HOLD: Flag = {
  flags: '--hold <seconds>',
  help: 'How long writers may stand still at most. Default 5.',
  parse: wholeNumber('--hold', 1, 300),
}
const ACCEPT: Flag = {
  flags: '--accept <code>',
  help: 'Answer for this closed gate; repeatable. Needs --reason.',
  many: true,
}
const REASON: Flag = { flags: '--reason <text>', help: 'Why; kept in the step log.' }
const JSON_FORM = '{epoch, primary, pauseMs, gates:[{code, ok, reason}], notes}'

export const cutover: CommandSpec = {
  name: 'cutover',
  summary: 'Make the target primary, under load; the source follows.',
  details:
    'Looks at all gates, rehearses the final copy of the relational tables, then holds all writers for a moment: they deliver what waits, the relational tables are brought up to date, both databases are counted, sequences are set above both, and the roles change in one transaction. If anything does not fit into the hold, everything is as before. --dry-run shows the gates.',
  examples: [
    'hyperferry cutover --dry-run',
    'hyperferry cutover',
    'hyperferry cutover --accept HF-G031 --reason "tested by hand"',
  ],
  mutating: true,
  flags: [PLAN, HOLD, ACCEPT, REASON],
  json: JSON_FORM,
  async run(input, io) {
    const result = await runCutover({ ...mutating(input, io), ...answers(input) })
    return 'preview' in result ? foreseen(result.preview, input) : shown(result)
  },
}

export const rollback: CommandSpec = {
  name: 'rollback',
  summary: 'Make the source primary again; nothing that was written to the target is lost.',
  details:
    'Holds all writers until the source has everything, then changes the roles back. A later cutover needs a new verify.',
  examples: ['hyperferry rollback --dry-run', 'hyperferry rollback'],
  mutating: true,
  flags: [
    PLAN,
    HOLD,
    ACCEPT,
    REASON,
    { flags: '--emergency', help: 'Reserved: the way back without the target.' },
    { flags: '--accept-loss', help: 'Reserved, with --emergency.' },
  ],
  json: JSON_FORM,
  async run(input, io) {
    const result = await runRollback({ ...mutating(input, io), ...answers(input), emergency: yes(input, 'emergency') })
    return 'preview' in result ? foreseen(result.preview, input) : shown(result)
  },
}

export const finish: CommandSpec = {
  name: 'finish',
  summary: 'End the migration: the source is not written any more.',
  details: 'With --drop schema hyperferry is removed too; take the library out of the application before that.',
  examples: ['hyperferry finish', 'hyperferry finish --drop'],
  mutating: true,
  flags: [PLAN, { flags: '--drop', help: 'Also remove schema hyperferry from the target.' }, ACCEPT, REASON],
  json: JSON_FORM,
  async run(input, io) {
    const result = await runFinish({ ...mutating(input, io), ...answers(input), drop: yes(input, 'drop') })
    return 'preview' in result ? foreseen(result.preview, input) : shown(result)
  },
}

/** A closed gate is told by the exit code of a dry run too, so that a script can wait for it. */
function foreseen(preview: Preview, input: Input): Outcome {
  const gates = 'gates' in preview ? (preview.gates as readonly Gate[]) : []
  return { ...previewed(preview, input), exitCode: gates.every(({ ok }) => ok) ? 0 : 4 }
}

function answers(input: Input): { hold?: number; accept?: string[]; reason?: string } {
  const hold = number(input, 'hold')
  const accept = list(input, 'accept')
  const reason = text(input, 'reason')
  return {
    ...(hold === undefined ? {} : { hold }),
    ...(accept === undefined ? {} : { accept }),
    ...(reason === undefined ? {} : { reason }),
  }
}

function shown(result: CutoverResult | RollbackResult | FinishResult): Outcome {
  const { epoch, primary, pauseMs, gates, notes } = result
  const lines = [
    ...gates.map(({ code, ok, reason }) => `  ${ok ? '✔' : '✖'} ${code}  ${reason}`),
    `${epoch === null ? '' : `epoch ${epoch}   `}primary: ${primary}${pauseMs > 0 ? `   writes paused for ${pauseMs} ms` : ''}`,
    ...notes,
  ]
  return { document: result, text: lines.join('\n') }
}
