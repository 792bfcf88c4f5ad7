/** The application's own log: what it sent, and what was acknowledged. The proof believes nothing else. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

export interface Reading {
  device_id: number
  ts: number
  temperature: number
  humidity: number
  note: string | null
}

export interface Event {
  at: string
  kind: string
  payload: string
}

export type Sent = { n: number } & ({ readings: Reading[] } | { events: Event[] })

/** Lines that are complete survive SIGKILL: each is one write to the file. */
export class WriteLog {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  sent(write: Sent): void {
    writeSync(this.#file, `${JSON.stringify({ sent: write })}\n`)
  }

  acknowledged(n: number): void {
    writeSync(this.#file, `${JSON.stringify({ acknowledged: n })}\n`)
  }

  failed(n: number, code: string): void {
    writeSync(this.#file, `${JSON.stringify({ failed: n, code })}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }
}

export interface Logged {
  acknowledged: Sent[]
  /** Sent, and no answer was logged, or one that leaves the outcome open: these may be there or not. */
  open: Sent[]
  /** Writes that were refused for certain, by the code of their error. */
  refused: Map<string, number>
  /** Number of the last write that was sent; 0 for none. */
  last: number
}

export function readLog(path: string): Logged {
  const sent = new Map<number, Sent>()
  const acknowledged: Sent[] = []
  const refused = new Map<string, number>()
  let last = 0
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    // A process that was killed may leave half a line; it was not acknowledged then.
    const entry = parse(line)
    if (entry === null) continue
    if (entry.sent) {
      sent.set(entry.sent.n, entry.sent)
      last = Math.max(last, entry.sent.n)
    }
    const n = entry.acknowledged ?? entry.failed
    const write = n === undefined ? undefined : sent.get(n)
    if (write === undefined) continue
    if (entry.acknowledged !== undefined) acknowledged.push(write)
    else if (entry.code === OUTCOME_UNKNOWN) continue
    else refused.set(entry.code ?? '', (refused.get(entry.code ?? '') ?? 0) + 1)
    sent.delete(write.n)
  }
  return { acknowledged, open: [...sent.values()], refused, last }
}

const OUTCOME_UNKNOWN = 'HF-DW02'

interface Entry {
  sent?: Sent
  acknowledged?: number
  failed?: number
  code?: string
}

function parse(line: string): Entry | null {
  if (!line.startsWith('{') || !line.endsWith('}')) return null
  try {
    return JSON.parse(line) as Entry
  } catch {
    return null
  }
}
