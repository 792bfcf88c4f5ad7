/** Spans of time as programs in Go write them: `30s`, `1m30s`, `500ms`. */
import { HyperferryError } from '../errors.ts'

const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 1e-6,
}

/** Milliseconds. Throws HF-U001. */
export function goDurationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)]
  if (text !== '0' && (parts.length === 0 || parts.map(([part]) => part).join('') !== text)) {
    throw new HyperferryError('HF-U001', {
      what: `${text}: not a duration`,
      hint: 'Write for example 30s, 1m30s or 500ms.',
    })
  }
  return parts.reduce((sum, [, number = '0', unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0), 0)
}
