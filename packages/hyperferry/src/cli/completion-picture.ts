/** The neighbourhood of T as bars: source above, target below it in the same line. */
import type { CompletionResult } from '../index.ts'
import { count, duration } from './format.ts'

const WIDTH = 16

/** Lines for one table; none when nothing was counted. */
export function writtenPicture(
  { name, T, buckets, lateness }: CompletionResult['tables'][number],
  { coverage }: Pick<CompletionResult, 'coverage'>,
): string[] {
  if (buckets.length === 0) return []
  const most = Math.max(1, ...buckets.flatMap(({ source, target }) => [source, target]))
  const bar = (rows: number, sign: string): string => sign.repeat(Math.ceil((rows / most) * WIDTH)).padEnd(WIDTH)
  const lines = buckets.map(({ from, source, target }, index) => {
    const next = buckets[index + 1]?.from ?? '9'
    const marks = [
      coverage >= from && coverage < next ? 'all writers write to both' : '',
      T !== null && T >= from && T < next ? '◀ T' : '',
      source === target ? '' : target < source ? 'only in the source: history, or on its way' : 'only in the target',
    ].filter((mark) => mark !== '')
    return `  ${from.slice(11, 19)} ${bar(source, '▉')} ${bar(target, '▒')} ${count(source)} / ${count(target)}   ${marks.join('   ')}`
  })
  return [`  ${name}   rows per bucket, source ▉ target ▒`, '', ...lines, ...late(lateness), '']
}

function late({
  rows,
  usualUs,
  observedUs,
  declaredUs,
  earlyUs,
}: CompletionResult['tables'][number]['lateness']): string[] {
  if (rows === 0) return ['  late-arriving: no row was seen yet']
  const span = (us: number): string => duration(us / 1e6)
  const ahead = earlyUs > 0 ? `; up to ${span(earlyUs)} ahead of the clock` : ''
  return [
    `  late-arriving: 99.99 % of ${count(rows)} within ${span(usualUs)}, slowest seen ${span(observedUs)} (declared ${span(declaredUs)})${ahead}`,
  ]
}

/** Who writes, since when, by which clocks. */
export function writtenRoster({ writers, coverage }: Pick<CompletionResult, 'writers' | 'coverage'>): string {
  const { known, expected, clockErrorUs } = writers
  return `  ${known} of ${expected ?? '?'} writers, writing to both since ${coverage} · clocks within ${Math.ceil(clockErrorUs / 1000)} ms`
}
