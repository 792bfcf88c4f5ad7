import { LIVE_STEPS, OFFLINE_STEPS, runLive, runOffline } from '../index.ts'
import type { LiveStep } from '../index.ts'
import { number, text, yes } from './command.ts'
import type { CommandSpec, Input, Outcome } from './command.ts'
import { ACCEPT_QUARANTINE, oneOf, PLAN, WORKERS } from './flags.ts'
import { columns, count, rows } from './format.ts'
import type { Io } from './io.ts'
import { previewed } from './preview.ts'
import { mutating } from './settings.ts'

export const run: CommandSpec = {
  name: 'run',
  summary: 'Walk the whole line from the first unfinished step; stop at gates.',
  details:
    'While the application writes, with the dual-write library, it walks to the proof and never changes roles unless --until cutover says so; the first gate that is closed ends it (exit 4), and the same command goes on. With --offline the application stands still (a maintenance window): check, schema, relational, backfill, verify.',
  examples: [
    'hyperferry run',
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
      help: `Stop after this step: ${LIVE_STEPS.join(', ')}. Default verify.`,
      parse: oneOf('--until', LIVE_STEPS),
    },
    WORKERS,
    ACCEPT_QUARANTINE,
  ],
  json: '{migration, steps:[{name, status}], verified, gates}; with --offline also tables:[{name, kind, sourceRows, targetRows, equal, quarantined}], quarantined, notInPlan',
  async run(input, io) {
    if (!yes(input, 'offline')) return live(input, io)
    const until = text(input, 'until')
    oneOf('--until', OFFLINE_STEPS)(until ?? 'verify')
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

async function live(input: Input, io: Io): Promise<Outcome> {
  const until = text(input, 'until')
  const workers = number(input, 'workers')
  const result = await runLive({
    ...mutating(input, io),
    acceptQuarantine: number(input, 'acceptQuarantine') ?? 0,
    ...(until === undefined ? {} : { until: until as LiveStep }),
    ...(workers === undefined ? {} : { workers }),
  })
  if ('preview' in result) return previewed(result.preview, input)
  const { exitCode, ...document } = result
  const steps = result.steps.map(({ name, status }) => `  ${SIGNS[status]} ${name}`)
  const gates = result.gates.map((gate) => `  ✖ ${gate.code}  ${gate.reason}`)
  const verdict = result.verified
    ? 'Verified. Next: hyperferry load-test, then hyperferry cutover'
    : 'Stopped at a gate; the same command goes on.'
  return { document, text: [...steps, ...gates, verdict].join('\n'), exitCode }
}

const SIGNS = { done: '✔', skipped: '·', stopped: '✖' } as const
