/** Progress of long work on stderr: bars and a line of state on a terminal, one plain line per table and interval elsewhere. */
import type { Events, PaceState, ProgressEvent } from '../index-copy.ts'
import { bars } from './bars.ts'
import { bytes as size, count, duration, rows as many } from './format.ts'
import { plain } from './plain.ts'
import type { View } from './view.ts'

export interface Progress {
  readonly events: Events
  say(line: string): void
  close(): void
}

/** `pace` hears how fast work that can be paced may go, and null when it is over. */
export function createProgress(stderr: NodeJS.WriteStream, pace: (state: PaceState | null) => void): Progress {
  const view: View = stderr.isTTY ? bars(stderr) : plain(stderr)
  const rates = new Map<string, Rate>()
  let waiting = false
  return {
    events: {
      emit(event) {
        const line = sentence(event)
        if (line !== null) view.say(line)
        if (event.kind === 'table-start') rates.set(event.table, new Rate(event.rows, event.bytes))
        if (event.kind === 'table-start' || event.kind === 'table-progress') {
          const rate = rates.get(event.table)
          rate?.wait(waiting)
          view.update(event.table, event.rows, event.estimatedRows, speed(event, rate))
        }
        if (event.kind === 'table-done') view.done(event.table, event.rows)
        if (event.kind === 'pace') {
          waiting = (event.state?.reasons.length ?? 0) > 0
          for (const rate of rates.values()) rate.wait(waiting)
          view.pace(event.state)
          pace(event.state)
        }
      },
    },
    say: (line) => view.say(line),
    close: () => view.close(),
  }
}

/** Rate since the first event of this run, without the time in which nothing was allowed to start; rows of earlier runs do not count. */
class Rate {
  #start = performance.now()
  #waitingSince: number | null = null
  readonly #rows: number
  readonly #bytes: number

  constructor(rows: number, bytes: number) {
    this.#rows = rows
    this.#bytes = bytes
  }

  wait(waiting: boolean): void {
    const now = performance.now()
    if (waiting) this.#waitingSince ??= now
    else if (this.#waitingSince !== null) {
      this.#start += now - this.#waitingSince
      this.#waitingSince = null
    }
  }

  perSecond(rows: number, bytes: number): { rows: number; bytes: number } {
    const seconds = Math.max(((this.#waitingSince ?? performance.now()) - this.#start) / 1000, 0.001)
    return { rows: (rows - this.#rows) / seconds, bytes: (bytes - this.#bytes) / seconds }
  }
}

function speed(event: { rows: number; bytes: number; estimatedRows: number }, rate: Rate | undefined): string {
  if (!rate) return ''
  const now = rate.perSecond(event.rows, event.bytes)
  if (now.rows < 1) return ''
  const left = (event.estimatedRows - event.rows) / now.rows
  return `${count(now.rows)} rows/s${now.bytes < 1 ? '' : `   ${size(now.bytes)}/s`}${left > 0 ? `   ${duration(left)} left` : ''}`
}

/** Events that are told in words; null for those that only move a bar. */
function sentence(event: ProgressEvent): string | null {
  switch (event.kind) {
    case 'step':
      // The parts of a step are many; only its beginning is told.
      return event.message === '' ? `— ${event.step}` : null
    case 'note':
      return `  ${event.table === null ? '' : `${event.table}: `}${event.message}${event.code === null ? '' : ` (${event.code})`}`
    case 'retry':
      return `  ${event.table}: ${event.message} (${event.code}); attempt ${event.attempt} in ${duration(event.waitMs / 1000)}`
    case 'table-done':
      return event.quarantined === 0 ? null : `  ${event.table}: ${many(event.quarantined)} in quarantine`
    // A line each tenth of the way.
    case 'table-compress':
      return tenth(event.done, event.total) > tenth(event.done - 1, event.total)
        ? `  ${event.table}: ${count(event.done)} of ${count(event.total)} chunks compressed`
        : null
    case 'table-start':
    case 'table-progress':
    case 'pace':
      return null
  }
}

const tenth = (done: number, total: number): number => Math.floor((done * 10) / total)
