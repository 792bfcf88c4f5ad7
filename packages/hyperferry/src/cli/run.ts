import { HyperferryError, OFFLINE_STEPS, runOffline } from '../index.ts'
import { number, text, yes } from './command.ts'
import type { CommandSpec } from './command.ts'
import { ACCEPT_QUARANTINE, oneOf, PLAN, WORKERS } from './flags.ts'
import { columns, count, rows } from './format.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

export const run: CommandSpec = {
  name: 'run',
  summary: 'Walk the whole line from the first unfinished step; stop at gates.',
  details:
    'With --offline the application stands still (a maintenance window): check, schema, relational, backfill, verify.',
  examples: [
    'hyperferry run --offline',
    'hyperferry run --offline --yes --json',
    'hyperferry run --offline --until schema',
  ],
  mutating: true,
  flags: [
    PLAN,
    { flags: '--offline', help: 'Nobody writes to the source while this runs.' },
    {
      flags: '--until <step>',
      help: `Stop after this step: ${OFFLINE_STEPS.join(', ')}.`,
      parse: oneOf('--until', OFFLINE_STEPS),
    },
    WORKERS,
    ACCEPT_QUARANTINE,
  ],
  json: '{migration, steps:[{name, status}], tables:[{name, kind, sourceRows, targetRows, equal, quarantined}], verified, quarantined, notInPlan, gates}',
  async run(input, io) {
    if (!yes(input, 'offline')) {
      throw new HyperferryError('HF-U001', {
        what: 'run needs --offline: moving a live application is not part of this version',
        hint: 'Stop the application, then run with --offline.',
      })
    }
    const until = text(input, 'until')
    const workers = number(input, 'workers')
    const result = await runOffline({
      ...mutating(input, io),
      acceptQuarantine: number(input, 'acceptQuarantine') ?? 0,
      ...(until === undefined ? {} : { until: until as (typeof OFFLINE_STEPS)[number] }),
      ...(workers === undefined ? {} : { workers }),
    })
    if ('preview' in result) return previewed(result.preview, input)
    const { exitCode, ...document } = result
    const steps = result.steps.map(
      (step) => `  ${step.status === 'done' ? '✔' : step.status === 'skipped' ? '·' : '✖'} ${step.name}`,
    )
    const tables = result.tables.map((one) => [
      `  ${one.name}`,
      one.kind,
      rows(one.sourceRows),
      one.equal === null ? '' : one.equal ? 'equal' : 'DIFFERENT',
      one.quarantined === 0 ? '' : `${count(one.quarantined)} in quarantine`,
    ])
    const gates = result.gates
      .filter((gate) => !gate.ok || gate.code === 'HF-G010')
      .map((gate) => `  ${gate.ok ? '·' : '✖'} ${gate.code}  ${gate.reason}`)
    const kept = result.quarantined === 0 ? '' : `, or in quarantine (${count(result.quarantined)})`
    const left = result.notInPlan.length === 0 ? '' : ` Not in the plan, so not moved: ${result.notInPlan.join(', ')}.`
    const verdict = result.verified
      ? `Verified: every row of the plan is in the target${kept}.${left}`
      : 'Not verified.'
    return { document, text: [...steps, ...columns(tables, [2]), ...gates, verdict].join('\n'), exitCode }
  },
}
