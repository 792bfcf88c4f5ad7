import { status as runStatus } from '../index.ts'
import type { CommandSpec } from './command.ts'
import { PLAN } from './flags.ts'
import { columns, count } from './format.ts'
import { fromPlan } from './settings.ts'
import { paceLines } from './pace-lines.ts'
import { writerLines } from './writer-lines.ts'

export const status: CommandSpec = {
  name: 'status',
  summary: 'Where the migration stands.',
  details:
    'Reads the control schema only; works while another hyperferry runs. Once writers were told to write to both databases it also says which they are, and which gates of the live line are closed.',
  examples: ['hyperferry status', 'hyperferry status --json'],
  mutating: false,
  flags: [PLAN],
  json: '{migration, stage, epoch, primary, step, tables:[{name, kind, rows, quarantined, status}], writers, pace:{running, paused:{by, at, reason}, reasons, workers, spared:{workers, most, p50Ms, p99Ms, limits:{p50Ms, p99Ms}, moreInMs}, pauseWhen, window, writerSlowdown, setBy}, gates:[{code, ok, reason}]}',
  async run(input, io) {
    const result = await runStatus(fromPlan(input, io))
    const rows = result.tables.map((one) => [
      `  ${one.name}`,
      one.kind,
      count(one.rows),
      one.status,
      one.quarantined === 0 ? '' : `${count(one.quarantined)} in quarantine`,
    ])
    const lines = [
      `${result.migration}: ${result.step === null ? 'not started' : `at ${result.step}`}`,
      ...liveLines(result),
      ...paceLines(result.pace),
      ...columns(rows, [2]),
      ...result.gates.map((gate) => `  ${gate.ok ? '✔' : '✖'} ${gate.code}  ${gate.reason}`),
    ]
    return { document: result, text: lines.join('\n') }
  },
}

/** Nothing for an offline migration, which has no writers. */
function liveLines({ stage, epoch, primary, writers }: Awaited<ReturnType<typeof runStatus>>): string[] {
  if (stage === 'off' && writers.length === 0) return []
  return [`  stage ${stage}   epoch ${epoch}   primary: ${primary}`, ...writerLines(writers)]
}
