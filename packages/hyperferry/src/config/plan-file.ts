/** Reading the plan file. What is read is whole, free of contradictions and free of secrets. */
import { readFileSync } from 'node:fs'
import { codeOf, HyperferryError } from '../errors.ts'
import type { Plan } from '../model.ts'
import { contradictions } from './plan-consistency.ts'
import { planFromFile } from './plan-shape.ts'
import { parsePlanYaml } from './plan-yaml.ts'
import type { ParsedPlan } from './plan-yaml.ts'
import { expand, holdsLiteralPassword } from './urls.ts'

export { fingerprint, firstDifference, planHash } from './plan-hash.ts'
export { writePlan } from './plan-write.ts'

export interface LoadedPlan {
  /** URLs in it stand as in the file, with `${NAME}`: it may be stored and shown. */
  plan: Plan
  /** Expanded: secrets. */
  sourceUrl: string
  targetUrl: string
  /** Line (from 1) of a path in the file, for findings. */
  lineOf: ParsedPlan['lineOf']
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the plan at `path`. Throws HF-U010 when there is none, and all that `parsePlan` throws. */
export function readPlan(path: string, env: Environment): LoadedPlan {
  return parsePlan(readText(path), env, path)
}

/** Parses a plan's text; `name` is how messages call the file. Throws HF-U011, HF-U012, HF-U013, HF-P023. */
export function parsePlan(text: string, env: Environment, name = 'hyperferry.yaml'): LoadedPlan {
  const { file, lineOf } = parsePlanYaml(text, name)
  const plan = planFromFile(file)
  for (const side of ['source', 'target'] as const) {
    if (holdsLiteralPassword(plan[side].url)) {
      throw new HyperferryError('HF-U012', { what: `${name}:${lineOf([side, 'url'])}: ${side}.url holds a password` })
    }
  }
  const faults = contradictions(plan).map(({ path, what }) => `${name}:${lineOf(path)}: ${what}`)
  if (faults.length > 0) throw new HyperferryError('HF-P023', { what: faults.join('\n'), details: { faults } })
  return { plan, sourceUrl: expand(plan.source.url, env), targetUrl: expand(plan.target.url, env), lineOf }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new HyperferryError('HF-U010', { what: `there is no plan at ${path}`, cause: error })
    throw new HyperferryError('HF-U011', {
      what: `the plan at ${path} cannot be read (${codeOf(error) ?? 'unknown'})`,
      cause: error,
    })
  }
}
