/** The structural part of a plan: what decides what is in the target. docs/design/0005. */
import { createHash } from 'node:crypto'
import type { Json, Plan, SourceTable } from '../model.ts'
import { planToFile } from './plan-shape.ts'

/** SHA-256 (hex) of the structural part. Reasons, estimates, URLs, the order of tables and the operational part do not count. */
export function planHash(plan: Plan): string {
  return sha256(canonical(structure(plan)))
}

/** Path of the first structural difference, such as `tables.reading.columns.cntu.type`; null when there is none. */
export function firstDifference(a: Plan, b: Plan): string | null {
  return difference(structure(a), structure(b), [])
}

/** SHA-256 (hex) of the definitions of source tables: what the plan relies on when it reads them. */
export function fingerprint(tables: readonly SourceTable[]): string {
  const definitions = tables.map((table): [string, Json] => [
    table.name,
    [
      table.columns.map((column) => [column.name, column.type, column.nullable, column.generated !== null]),
      table.primaryKey,
    ],
  ])
  return sha256(canonical(new Map(definitions)))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

type Tree = Json | undefined | Tree[] | ReadonlyMap<string, unknown> | { readonly [key: string]: unknown }

function structure(plan: Plan): Tree {
  const file = planToFile(plan)
  const tables = [...file.tables].map(([name, table]): [string, Tree] => {
    const columns = [...table.columns].map(([columnName, column], i): [string, Tree] => [
      columnName,
      { ...column, position: i + 1 },
    ])
    return [name, { ...table, estimate: undefined, sync: undefined, columns: new Map(columns) }]
  })
  return {
    source: { timezone: file.source.timezone, fingerprint: file.source.fingerprint },
    target: { schema: file.target.schema, owner: file.target.owner },
    tables: new Map(tables),
    exclude: (file.exclude ?? []).toSorted(),
  }
}

/** JSON with sorted keys; a Map and an object of the same members are the same. */
function canonical(tree: unknown): string {
  if (Array.isArray(tree)) return `[${tree.map(canonical).join(',')}]`
  if (typeof tree !== 'object' || tree === null) return JSON.stringify(tree) ?? 'null'
  return `{${members(tree)
    .map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`)
    .join(',')}}`
}

function members(tree: object): [string, unknown][] {
  const all = tree instanceof Map ? [...(tree as Map<string, unknown>)] : Object.entries(tree)
  return all.filter(([, value]) => value !== undefined).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

function difference(a: unknown, b: unknown, path: readonly string[]): string | null {
  if (isBranch(a) && isBranch(b)) {
    const left = new Map(members(a))
    const right = new Map(members(b))
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      const found = difference(left.get(key), right.get(key), [...path, key])
      if (found !== null) return found
    }
    return null
  }
  return canonical(a) === canonical(b) && (a === undefined) === (b === undefined) ? null : path.join('.')
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
