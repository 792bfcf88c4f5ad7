/** Whether two results are the same. */
import { canonical, same } from './canonical.ts'
import type { Kind } from './canonical.ts'

type Row = readonly (string | null)[]

export interface Compared {
  kinds: readonly Kind[]
  source: readonly Row[]
  target: readonly Row[]
}

/** Null when equal, else what is different, without values of rows. */
export function difference(how: 'rows' | 'unordered' | 'count', { kinds, source, target }: Compared): string | null {
  const [width] = source.map((row) => row.length)
  if (how !== 'count' && width !== undefined && target.length > 0 && width !== kinds.length)
    return `${width} columns in the source, ${kinds.length} in the target`
  if (source.length !== target.length) return `${source.length} rows in the source, ${target.length} in the target`
  if (how === 'count') return null
  const left = source.map((row) => row.map((value, i) => canonical(value, kinds[i] ?? 'text')))
  const right = target.map((row) => row.map((value, i) => canonical(value, kinds[i] ?? 'text')))
  return how === 'rows' ? inOrder(left, right, kinds) : asMultiset(left, right, kinds)
}

function inOrder(left: readonly Row[], right: readonly Row[], kinds: readonly Kind[]): string | null {
  const at = left.findIndex((row, i) => !sameRow(row, right[i] ?? [], kinds))
  return at === -1 ? null : `row ${at + 1} of ${left.length} is different`
}

/** Rows that are equal to the letter pair off at once; what is left pairs off with any row that is near enough. */
function asMultiset(left: readonly Row[], right: readonly Row[], kinds: readonly Kind[]): string | null {
  const counts = new Map<string, number>()
  for (const row of right) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1)
  const odd = left.filter((row) => !take(counts, JSON.stringify(row)))
  if (odd.length === 0) return null
  const groups = new Map<string, Row[]>()
  for (const [text, number] of counts) {
    const row = JSON.parse(text) as Row
    const key = exactPart(row, kinds)
    for (let i = 0; i < number; i += 1) groups.set(key, [...(groups.get(key) ?? []), row])
  }
  const missing = odd.filter((row) => {
    const group = groups.get(exactPart(row, kinds)) ?? []
    const at = group.findIndex((other) => sameRow(row, other, kinds))
    if (at !== -1) group.splice(at, 1)
    return at === -1
  })
  return missing.length === 0 ? null : `${missing.length} of ${left.length} rows are different`
}

function take(counts: Map<string, number>, key: string): boolean {
  const number = counts.get(key) ?? 0
  if (number > 0) counts.set(key, number - 1)
  return number > 0
}

/** What must be equal to the letter. */
function exactPart(row: Row, kinds: readonly Kind[]): string {
  const numbers: readonly (Kind | undefined)[] = ['exact', 'double', 'single']
  return JSON.stringify(row.filter((_, i) => !numbers.includes(kinds[i])))
}

function sameRow(left: Row, right: Row, kinds: readonly Kind[]): boolean {
  return left.every((value, i) => same(value, right[i] ?? null, kinds[i] ?? 'text'))
}
