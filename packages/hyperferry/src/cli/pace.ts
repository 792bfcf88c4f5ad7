/** `backfill pause`, `resume` and `set`. */
import { backfillPause, backfillResume, backfillSet, HyperferryError } from '../index.ts'
import type { PaceDocument, Previewed } from '../index.ts'
import { list, number, text, yes } from './command.ts'
import type { Flag, Input, Outcome } from './command.ts'
import type { Io } from './io.ts'
import { paceLines, settingLines } from './pace-lines.ts'
import { previewed } from './preview.ts'
import { fromPlan } from './settings.ts'

export const PACE_ACTIONS = ['pause', 'resume', 'set'] as const

export const PACE_FLAGS: readonly Flag[] = [
  { flags: '--no-wait', help: 'End (exit 4) instead of waiting when the backfill is paused, by whatever.' },
  { flags: '--reason <text>', help: 'pause: why, for those who find it paused.' },
  {
    flags: '--pause-when <limit>',
    help: 'set: name=value or name=off, by the names of backfill.pauseWhen in the plan; repeatable.',
    many: true,
  },
  { flags: '--window <time>', help: 'set: the time of the day, such as "22:00-06:00 Europe/Berlin", or off.' },
  {
    flags: '--writer-slowdown <times>',
    help: "set: how many times slower the application's writes may be, such as 5, or off.",
  },
  { flags: '--reset', help: 'set: back to what the plan says, before anything else that is given.' },
]

/** Flags by action; --workers belongs to both the run and `set`. */
const OWN: Record<string, readonly string[]> = {
  pause: ['reason'],
  resume: [],
  set: ['workers', 'pauseWhen', 'window', 'writerSlowdown', 'reset'],
}
const NAMES: Record<string, string> = {
  reason: '--reason',
  pauseWhen: '--pause-when',
  window: '--window',
  writerSlowdown: '--writer-slowdown',
  reset: '--reset',
  workers: '--workers',
  table: '--table',
  acceptQuarantine: '--accept-quarantine',
}

/** A run takes its pace from the plan and from what was set: a limit on its command line would be forgotten by the next one. Throws HF-U001. */
export function refusePaceFlags(input: Input): void {
  refuse(input, ['workers', 'table', 'acceptQuarantine'], (name) =>
    name === '--reason' ? 'It belongs to `hyperferry backfill pause`.' : 'It belongs to `hyperferry backfill set`.',
  )
}

export async function changePace(input: Input, io: Io): Promise<Outcome> {
  const action = input.argument ?? ''
  refuse(input, OWN[action] ?? [], () => `\`hyperferry backfill ${action}\` has no use for it; see --help.`)
  const result = await change(input, io)
  if ('preview' in result) return previewed(result.preview, input)
  const lines = [SAID[action] ?? '', ...paceLines({ ...result, setBy: null }), ...settingLines(result)]
  if (!result.running) lines.push('No backfill runs now; the next one keeps to it.')
  return { document: result, text: lines.join('\n') }
}

const SAID: Record<string, string> = {
  pause: 'Paused: running tasks end, no other starts.',
  resume: 'Resumed.',
  set: 'Set.',
}

function change(input: Input, io: Io): Promise<PaceDocument | Previewed> {
  const options = { ...fromPlan(input, io), dryRun: yes(input, 'dryRun') || yes(input, 'printSql') }
  if (input.argument === 'resume') return backfillResume(options)
  if (input.argument === 'pause') {
    const reason = text(input, 'reason')
    return backfillPause({ ...options, ...(reason === undefined ? {} : { reason }) })
  }
  const workers = number(input, 'workers')
  const window = text(input, 'window')
  const writerSlowdown = text(input, 'writerSlowdown')
  return backfillSet({
    ...options,
    pauseWhen: list(input, 'pauseWhen') ?? [],
    reset: yes(input, 'reset'),
    ...(workers === undefined ? {} : { workers }),
    ...(window === undefined ? {} : { window }),
    ...(writerSlowdown === undefined ? {} : { writerSlowdown }),
  })
}

function refuse(input: Input, own: readonly string[], hint: (name: string) => string): void {
  const strange = Object.keys(NAMES).find((flag) => input.flags[flag] !== undefined && !own.includes(flag))
  const name = strange === undefined ? undefined : NAMES[strange]
  if (name === undefined) return
  throw new HyperferryError('HF-U001', {
    what: `backfill${input.argument === null ? '' : ` ${input.argument}`}: ${name} is out of place`,
    hint: hint(name),
  })
}
