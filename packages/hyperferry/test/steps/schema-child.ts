// Runs step schema in a process of its own, so that a failpoint can kill it: schema-child.ts URL PLAN-JSON
import type { Plan } from '../../src/model.ts'
import { schema } from '../../src/steps/schema.ts'
import { openTarget } from '../../src/target/connect.ts'

const [url = '', plan = '{}'] = process.argv.slice(2)
const { signal } = new AbortController()
const target = await openTarget(url, { connections: 2, signal })
await schema({ plan: JSON.parse(plan) as Plan, target, events: { emit() {} }, signal })
await target.close()
