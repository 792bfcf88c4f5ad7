import { check as runCheck, HyperferryError } from '../index.ts'
import { text } from './command.ts'
import type { CommandSpec } from './command.ts'
import { PLAN } from './flags.ts'
import { fromPlan } from './settings.ts'

const MARKS = { error: '✖', warn: '▲', info: '·' } as const

export const check: CommandSpec = {
  name: 'check',
  summary: 'Look at source and target: versions, grants, pooler, room, connections.',
  details: 'Reads both databases and changes nothing. Works from a plan, or from two URLs before there is one.',
  examples: [
    'hyperferry check --source mysql://reader@db1/plant --target postgres://owner@ts1/plant',
    'hyperferry check --json',
  ],
  mutating: false,
  flags: [
    { flags: '--source <url>', help: 'Source URL; instead of a plan.' },
    { flags: '--target <url>', help: 'Target URL; instead of a plan.' },
    PLAN,
  ],
  json: '{ok, checks:[{code, ok, severity, message, hint}]}',
  async run(input, io) {
    const source = text(input, 'source')
    const target = text(input, 'target')
    if ((source === undefined) !== (target === undefined)) {
      throw new HyperferryError('HF-U001', {
        what: 'check needs both --source and --target, or neither',
        hint: 'Give both URLs, or a plan with --plan.',
      })
    }
    const result = await runCheck({
      ...fromPlan(input, io),
      ...(source !== undefined && target !== undefined ? { source, target } : {}),
    })
    const lines = result.checks.map((one) => {
      const head = `  ${one.ok ? '✔' : MARKS[one.severity]} ${one.code}  ${one.message}`
      return one.ok || one.hint === null ? head : `${head}\n      Try: ${one.hint}`
    })
    lines.push(result.ok ? 'All checks passed.' : 'Not ready: mend what is marked ✖.')
    return { document: result, text: lines.join('\n'), exitCode: result.ok ? 0 : 1 }
  },
}
