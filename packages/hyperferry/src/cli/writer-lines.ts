/** Writers as lines for people. */
import type { WriterInfo } from '../index.ts'
import { columns, count, duration, milliseconds } from './format.ts'

export function writerLines(writers: readonly WriterInfo[]): string[] {
  if (writers.length === 0) return ['no writer has registered']
  const rows = writers.map((writer) => [
    `  ${writer.name}`,
    writer.kind === 'external' ? `external, ${writer.state}` : writer.state,
    writer.kind === 'external' ? '' : writer.stage,
    writer.dualSince === null ? 'not to both yet' : `to both since ${writer.dualSince.slice(0, 19)}Z`,
    `${count(writer.pending)} pending`,
    writer.inDoubt === 0 ? '' : `${count(writer.inDoubt)} in doubt`,
    writer.writes === null
      ? ''
      : `writes p50 ${milliseconds(writer.writes.p50Ms)}, p99 ${milliseconds(writer.writes.p99Ms)}`,
    latenessOf(writer),
    writer.facts['markers'] === false ? 'no markers in the source' : '',
    typeof writer.facts['problem'] === 'string' ? writer.facts['problem'] : '',
  ])
  return columns(rows, [])
}

function latenessOf({ lateness }: WriterInfo): string {
  const latest = Math.max(0, ...Object.values(lateness).map(({ maxUs }) => maxUs))
  return latest === 0 ? '' : `latest row ${duration(latest / 1_000_000)}`
}
