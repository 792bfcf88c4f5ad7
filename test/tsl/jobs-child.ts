// Pauses, restores or refreshes in a process of its own, so that a failpoint can kill it: jobs-child.ts URL PLAN-JSON MIGRATION ACTION
import type { Plan } from '../../packages/hyperferry/src/model.ts'
import { pause, restore } from '../../packages/hyperferry/src/steps/jobs.ts'
import { refresh } from '../../packages/hyperferry/src/steps/refresh.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'

const [url = '', plan = '{}', migrationId = '0', action = ''] = process.argv.slice(2)
const { signal } = new AbortController()
const target = await openTarget(url, { connections: 2, signal })
const ctx = { plan: JSON.parse(plan) as Plan, target, events: { emit() {} }, signal, migrationId: Number(migrationId) }
if (action === 'pause') await pause(ctx)
else if (action === 'restore') await restore(ctx)
else await refresh(ctx)
await target.close()
