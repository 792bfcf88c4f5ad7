/** What the frames of a segment say. Payloads are JSON arrays that begin with one letter; an intent has its record on a second line. */
import type { Outcome } from '../journal/journal.ts'

/** First frame of each segment: where the counters stood, so that older segments can be deleted without a number being given twice. */
export interface Header {
  version: 1
  journal: string
  segment: number
  /** Seq of the next intent. */
  seq: number
  committed: number
  delivered: number
}

export type Entry =
  | { type: 'header'; header: Header }
  /** An op may begin. Written again, in a later segment, when everything else in its segment is done. */
  | { type: 'intent'; seq: number; collection: string; low: bigint | null; rows: number }
  | { type: 'commit'; seq: number; number: number; outcome: Outcome | null }
  | { type: 'abort'; seq: number }
  | { type: 'delivered'; number: number }
  /** All bytes of this segment before `offset` were durable when this was written. */
  | { type: 'synced'; offset: number }
  /** The journal was closed; nothing was left in the cache of the system. */
  | { type: 'closed' }

export interface IntentHead {
  seq: number
  collection: string
  low: bigint | null
  rows: number
}

export const entry = {
  header: (header: Header): string => JSON.stringify(['h', header]),
  /** `text` as `encodeRecord` made it. */
  intent: ({ seq, collection, low, rows }: IntentHead, text: string): string =>
    `${JSON.stringify(['i', seq, collection, low === null ? null : String(low), rows])}\n${text}`,
  commit: (seq: number, number: number, outcome: Outcome | null): string =>
    JSON.stringify(['c', seq, number, outcome === null ? null : codedOutcome(outcome)]),
  abort: (seq: number): string => JSON.stringify(['a', seq]),
  delivered: (number: number): string => JSON.stringify(['d', number]),
  synced: (offset: number): string => JSON.stringify(['s', offset]),
  closed: (): string => JSON.stringify(['x']),
}

/** Throws SyntaxError or TypeError when the payload is none of ours. */
export function parseEntry(payload: string): Entry {
  const line = payload.indexOf('\n')
  const parts = JSON.parse(line === -1 ? payload : payload.slice(0, line)) as [string, ...never[]]
  switch (parts[0]) {
    case 'h':
      return { type: 'header', header: parts[1] as unknown as Header }
    case 'i': {
      const [, seq, collection, low, rows] = parts as unknown as [string, number, string, string | null, number]
      return { type: 'intent', seq, collection, low: low === null ? null : BigInt(low), rows }
    }
    case 'c': {
      const [, seq, number, outcome] = parts as unknown as [string, number, number, CodedOutcome | null]
      return { type: 'commit', seq, number, outcome: outcome === null ? null : decodedOutcome(outcome) }
    }
    case 'a':
      return { type: 'abort', seq: parts[1] as unknown as number }
    case 'd':
      return { type: 'delivered', number: parts[1] as unknown as number }
    case 's':
      return { type: 'synced', offset: parts[1] as unknown as number }
    case 'x':
      return { type: 'closed' }
    default:
      throw new TypeError('unknown kind of journal entry')
  }
}

/** The text of the record of an intent's payload. */
export function recordText(payload: string): string {
  return payload.slice(payload.indexOf('\n') + 1)
}

type CodedValue = number | string | { i: string }
interface CodedOutcome {
  captured?: { column: string; values: CodedValue[] }
  only?: number[]
}

function codedOutcome({ captured, only }: Outcome): CodedOutcome {
  return {
    ...(captured && {
      captured: {
        column: captured.column,
        values: captured.values.map((value) => (typeof value === 'bigint' ? { i: String(value) } : value)),
      },
    }),
    ...(only && { only }),
  }
}

function decodedOutcome({ captured, only }: CodedOutcome): Outcome {
  return {
    ...(captured && {
      captured: {
        column: captured.column,
        values: captured.values.map((value) => (typeof value === 'object' ? BigInt(value.i) : value)),
      },
    }),
    ...(only && { only }),
  }
}
