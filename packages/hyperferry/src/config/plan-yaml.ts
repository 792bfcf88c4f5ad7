/** YAML text to the plan as data, with the line of every complaint. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node, Pair } from 'yaml'
import type { z } from 'zod'
import { HyperferryError } from '../errors.ts'
import { nearest } from './nearest.ts'
import { NAMED_MAPS, planSchema } from './plan-schema.ts'
import type { PlanFile } from './plan-schema.ts'

type Path = readonly PropertyKey[]

/** A plan that has the right shape, and where each of its parts stands in the text. */
export interface ParsedPlan {
  file: PlanFile
  /** Line (from 1) of a path such as `['tables', 'reading', 'time']`, or of the nearest part above it that exists. */
  lineOf: (path: Path) => number
}

/** Parses and checks the shape. Throws HF-U011 that names every fault with its line; `name` is how the file is called in it. */
export function parsePlanYaml(text: string, name: string): ParsedPlan {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, version: '1.2', strict: true, uniqueKeys: true })
  const [broken] = document.errors
  if (broken) throw invalid([`${name}:${counter.linePos(broken.pos[0]).line}: ${firstLine(broken.message)}`])
  const lineOf = (path: Path): number => counter.linePos(offsetOf(document, path)).line
  const result = planSchema.safeParse(toData(document.contents, document, []), { reportInput: true })
  if (result.success) return { file: result.data, lineOf }
  throw invalid(result.error.issues.flatMap((issue) => explain(issue, (path) => `${name}:${lineOf(path)}`)))
}

function invalid(faults: string[]): HyperferryError {
  return new HyperferryError('HF-U011', { what: faults.join('\n'), details: { faults } })
}

/** YAML nodes to plain data; maps keyed by people's names become `Map`s, so that a column named `1` or `__proto__` keeps its place. */
function toData(node: unknown, document: Document, path: readonly string[]): unknown {
  if (isAlias(node)) return toData(node.resolve(document), document, path)
  if (isScalar(node)) return node.value
  if (isSeq(node)) return node.items.map((item) => toData(item, document, [...path, '*']))
  if (!isMap(node)) return null
  const entries = node.items.map((pair): [string, unknown] => {
    const key = keyText(pair)
    return [key, toData(pair.value, document, [...path, key])]
  })
  return isNamedMap(path) ? new Map(entries) : Object.fromEntries(entries)
}

function isNamedMap(path: readonly string[]): boolean {
  return NAMED_MAPS.some((pattern) => {
    const parts = pattern.split('.')
    return parts.length === path.length && parts.every((part, i) => part === '*' || part === path[i])
  })
}

/** A key as it is written: `1.0`, `null` and `yes` are names here. */
function keyText(pair: Pair): string {
  const { key } = pair
  if (!isScalar(key)) return String(key)
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

/** Where in the text a path stands, or the nearest part above it that exists. */
export function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents
  let offset = 0
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((candidate) => keyText(candidate) === String(step))
      if (!pair) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    } else break
  }
  return offset
}

type Issue = z.core.$ZodIssue

/** One line per fault: where, what, and what may have been meant. */
function explain(issue: Issue, place: (path: Path) => string): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const close = nearest(key, knownKeys(issue.path))
      const hint = close === null ? '' : `; did you mean ${close}?`
      return `${place([...issue.path, key])}: unknown key ${dotted([...issue.path, key])}${hint}`
    })
  }
  if (issue.code === 'invalid_element' || issue.code === 'invalid_key') {
    return issue.issues.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }, place))
  }
  const missing = issue.code === 'invalid_type' && issue.input === undefined
  const what = missing ? 'is missing' : `: ${issue.message}`
  return [
    `${place(issue.path)}: ${issue.path.length === 0 ? 'the plan' : dotted(issue.path)} ${what}`.replace(' : ', ': '),
  ]
}

function dotted(path: Path): string {
  return path.map(String).join('.')
}

/** Keys that the declarations allow at a path. */
function knownKeys(path: Path): string[] {
  let at: z.core.$ZodType | undefined = planSchema
  for (const step of path) {
    at = at === undefined ? undefined : inside(at, step)
  }
  const definition = at === undefined ? undefined : shapeOf(at)
  return definition === undefined ? [] : Object.keys(definition)
}

interface Definition {
  type: string
  shape?: Record<string, z.core.$ZodType>
  innerType?: z.core.$ZodType
  valueType?: z.core.$ZodType
  element?: z.core.$ZodType
}

function bare(schema: z.core.$ZodType): Definition {
  const { def: definition } = schema as unknown as { def: Definition }
  return definition.innerType === undefined ? definition : bare(definition.innerType)
}

function shapeOf(schema: z.core.$ZodType): Record<string, z.core.$ZodType> | undefined {
  return bare(schema).shape
}

function inside(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType | undefined {
  const definition = bare(schema)
  return definition.shape?.[String(step)] ?? definition.valueType ?? definition.element
}

export function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
