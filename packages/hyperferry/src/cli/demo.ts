import { demo as runDemo, HyperferryError, SABOTAGE } from '../index.ts'
import { number, text, yes } from './command.ts'
import type { CommandSpec } from './command.ts'
import { oneOf, wholeNumber } from './flags.ts'
import { count } from './format.ts'

export const demo: CommandSpec = {
  name: 'demo',
  summary: 'Watch a whole migration: a live application, three crashes, two cutovers, and the proof.',
  details:
    'A SQLite database moves into an embedded PostgreSQL (or --target) while an application writes through the dual-write library and keeps a log of its own. Target, backfill and application are killed once each; it is cut over, rolled back and cut over again. In the end its log is compared with both databases. --sabotage plants a fault before the proof, which then must end with exit 3.',
  examples: [
    'hyperferry demo',
    'hyperferry demo --target postgres://owner@localhost/empty',
    'hyperferry demo --sabotage lose',
  ],
  mutating: false,
  flags: [
    { flags: '--target <url>', help: 'An empty database of yours instead of an embedded server.' },
    {
      flags: '--seconds <n>',
      help: 'How long the application writes at least. Default 60.',
      parse: wholeNumber('--seconds', 1, 3600),
    },
    { flags: '--keep', help: 'Keep the folder with both databases, the plan and the log.' },
    {
      flags: '--sabotage <fault>',
      help: `Plant this fault: ${SABOTAGE.join(', ')}.`,
      parse: oneOf('--sabotage', SABOTAGE),
    },
  ],
  json: '{verified, acknowledgedWrites, lostWrites, duplicateWrites, refusedWrites, faults:[…], cutoverPauseMs, steps:[{command, exitCode, seconds}], tables:[{name, source, target}], seconds, folder}',
  async run(input, io) {
    const target = text(input, 'target')
    const seconds = number(input, 'seconds')
    const fault = text(input, 'sabotage')
    const planted = SABOTAGE.find((each) => each === fault)
    const document = await runDemo({
      ...(target === undefined ? {} : { target }),
      ...(seconds === undefined ? {} : { seconds }),
      ...(planted === undefined ? {} : { sabotage: planted }),
      keep: yes(input, 'keep'),
      say: (line) => io.say(line),
    })
    if (!document.verified && planted === undefined) {
      throw new HyperferryError('HF-V001', {
        what: `the demo lost ${document.lostWrites} rows and doubled ${document.duplicateWrites}`,
        details: { ...document },
      })
    }
    const { acknowledgedWrites, lostWrites, duplicateWrites, faults, cutoverPauseMs } = document
    const verdict = `${document.verified ? 'Verified' : 'Not verified'}: ${count(acknowledgedWrites)} acknowledged writes, ${lostWrites} lost, ${duplicateWrites} doubled, ${faults.length} faults, longest pause ${cutoverPauseMs} ms, ${document.seconds} s.`
    return { document, text: verdict, exitCode: document.verified ? 0 : 3 }
  },
}
