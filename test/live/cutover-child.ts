// Runs one command of step 10 in a process of its own, which a failpoint may kill.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { withMigrationLock } from '../../packages/hyperferry/src/control/lock.ts'
import type { Failpoint } from '../../packages/hyperferry/src/failpoints.ts'
import type { Plan } from '../../packages/hyperferry/src/model.ts'
import { openSource } from '../../packages/hyperferry/src/source/registry.ts'
import type { StepContext } from '../../packages/hyperferry/src/steps/context.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import { noEvents } from '../../packages/hyperferry/src/work/events.ts'
import type { CutoverWorld } from './cutover-world.ts'
import { changeTo } from './change.ts'
import type { ChangeOptions } from './change.ts'

interface Settings {
  sourceUrl: string
  targetUrl: string
  plan: Plan
  migrationId: number
  to: 'live' | 'dualwrite'
  options: ChangeOptions
}

/** Resolves with the signal the process died of. */
export async function killedAt(
  world: CutoverWorld,
  to: Settings['to'],
  failpoint: Failpoint | `${Failpoint}:${number}`,
  options: ChangeOptions = {},
): Promise<NodeJS.Signals | null> {
  const { plan, migrationId } = world.ctx
  const settings: Settings = { sourceUrl: world.sourceUrl, targetUrl: world.targetUrl, plan, migrationId, to, options }
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', import.meta.filename], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', HYPERFERRY_FAILPOINT: failpoint, CHANGE: JSON.stringify(settings) },
  })
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return signal
}

if (import.meta.main) {
  const { sourceUrl, targetUrl, plan, migrationId, to, options } = JSON.parse(process.env['CHANGE'] ?? '') as Settings
  const { signal } = new AbortController()
  const target = await openTarget(targetUrl, { connections: 4, signal })
  const source = await openSource(sourceUrl, { timezone: 'UTC', connections: 4, signal })
  const ctx: StepContext = { plan, source, target, events: noEvents, signal, migrationId }
  await withMigrationLock(target, plan.migration, () => changeTo(ctx, to, options))
  await source.close()
  await target.close()
}
