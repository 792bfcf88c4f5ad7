/** Command lines of timescaledb-parallel-copy: one dash before long flags, and values for switches. */
import { copy } from './copy.ts'
import { COMMON, MUTATING } from './flags.ts'

/** `-workers 4`, `-workers=4` and `--skip-header=false` as the rest of the program writes them. Flags nobody knows are left to be refused. */
export function peerArguments(argv: readonly string[]): string[] {
  const takesValue = new Map(
    [...copy.flags, ...MUTATING, ...COMMON].map(({ flags }) => {
      const [name = '', value] = flags.split(' ')
      return [name, value !== undefined] as const
    }),
  )
  const result: string[] = []
  const rest = [...argv]
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    const [, name, value] = /^--?([a-z][a-z0-9-]+)(?:=(.*))?$/s.exec(next) ?? []
    const long = `--${name}`
    const valued = takesValue.get(long)
    if (long === '--version') return ['--version']
    if (name === undefined || valued === undefined)
      result.push(name === undefined ? next : `${long}${value === undefined ? '' : `=${value}`}`)
    // A value may begin with a dash: it must not be taken for a flag.
    else if (valued) result.push(...one(long, value ?? rest.shift()))
    else if (value === undefined || TRUE.has(value)) result.push(long)
    else if (!FALSE.has(value)) result.push(next)
  }
  return result
}

function one(flag: string, value: string | undefined): string[] {
  return value === undefined ? [flag] : [`${flag}=${value}`]
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])
