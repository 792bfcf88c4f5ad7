/** The file of `load-test`: YAML text to queries, with the line of every complaint. */
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { HyperferryError } from '../errors.ts'
import { firstLine, offsetOf } from './plan-yaml.ts'

/** How slow is too slow: times the source's p99, or milliseconds. */
export type Limit = { times: number } | { ms: number } | null

export interface Query {
  name: string
  source: string | null
  target: string
  /** Each run takes the next list. At least one. */
  params: (string | number | bigint | boolean | null)[][]
  compare: 'rows' | 'unordered' | 'count' | 'none'
  limit: Limit
  weight: number
}

const LIMIT = /^(\d+(?:\.\d+)?) ?(x|ms|s)$/
const MAX_PARAMS = 10_000

const query = z.strictObject({
  name: z.string().min(1),
  source: z.string().min(1).optional(),
  target: z.string().min(1),
  params: z
    .array(
      z.array(
        z.union([z.string(), z.number(), z.bigint(), z.boolean(), z.null()], {
          error: 'expected a text, a number, true, false or null',
        }),
      ),
    )
    .min(1)
    .max(MAX_PARAMS)
    .optional(),
  compare: z.enum(['rows', 'unordered', 'count', 'none']).optional(),
  limit: z.strictObject({ p99: z.string().regex(LIMIT, { error: 'expected 1.5x or 200 ms' }) }).optional(),
  weight: z.bigint({ error: 'expected a whole number from 1 to 1000' }).min(1n).max(1000n).optional(),
})

const file = z.strictObject({ queries: z.array(query).min(1) })

/** Parses and checks. Throws HF-U016 that names every fault with its line; `name` is how the file is called in it. */
export function parseQueryFile(text: string, name: string): Query[] {
  const counter = new LineCounter()
  // Whole numbers as bigint: ids must not be rounded on their way into a parameter.
  const document = parseDocument(text, { lineCounter: counter, version: '1.2', uniqueKeys: true, intAsBigInt: true })
  const [broken] = document.errors
  if (broken) throw invalid([`${name}:${counter.linePos(broken.pos[0]).line}: ${firstLine(broken.message)}`])
  const place = (path: readonly PropertyKey[]): string => `${name}:${counter.linePos(offsetOf(document, path)).line}`
  const result = file.safeParse(document.toJS(), { reportInput: true })
  if (!result.success) throw invalid(result.error.issues.flatMap((issue) => explain(issue, place)))
  const names = result.data.queries.map((each) => each.name)
  const doubled = names.flatMap((each, i) =>
    names.indexOf(each) === i ? [] : [`${place(['queries', i, 'name'])}: queries.${i}.name: ${each} is there already`],
  )
  if (doubled.length > 0) throw invalid(doubled)
  return result.data.queries.map(withDefaults)
}

function withDefaults(given: z.output<typeof query>): Query {
  return {
    name: given.name,
    source: given.source ?? null,
    target: given.target,
    params: given.params ?? [[]],
    compare: given.compare ?? 'unordered',
    limit: given.limit === undefined ? (given.source === undefined ? null : { times: 1.5 }) : limitOf(given.limit.p99),
    weight: Number(given.weight ?? 1n),
  }
}

function limitOf(text: string): Limit {
  const [, number, unit] = LIMIT.exec(text) ?? []
  if (unit === 'x') return { times: Number(number) }
  return { ms: Number(number) * (unit === 's' ? 1000 : 1) }
}

function explain(issue: z.core.$ZodIssue, place: (path: readonly PropertyKey[]) => string): string[] {
  const dotted = (path: readonly PropertyKey[]): string => (path.length === 0 ? 'the file' : path.map(String).join('.'))
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${place([...issue.path, key])}: unknown key ${dotted([...issue.path, key])}`)
  const missing = issue.code === 'invalid_type' && issue.input === undefined
  return [`${place(issue.path)}: ${dotted(issue.path)}${missing ? ' is missing' : `: ${issue.message}`}`]
}

function invalid(faults: string[]): HyperferryError {
  return new HyperferryError('HF-U016', { what: faults.join('\n'), details: { faults } })
}
