/** Progress of long work on stderr: bars on a terminal, one plain line per table and interval elsewhere. */
import { MultiBar, Presets } from 'cli-progress'
import type { SingleBar } from 'cli-progress'
import type { Events, ProgressEvent } from '../index.ts'
import { bytes as size, count, duration, rows as many } from './format.ts'

export interface Progress {
  readonly events: Events
  say(line: string): void
  close(): void
}

const PLAIN_INTERVAL_MS = 10_000

export function createProgress(stderr: NodeJS.WriteStream): Progress {
  const view = stderr.isTTY ? bars(stderr) : plain(stderr)
  const rates = new Map<string, Rate>()
  return {
    events: {
      emit(event) {
        const line = sentence(event)
        if (line !== null) view.say(line)
        if (event.kind === 'table-start') rates.set(event.table, new Rate(event.rows, event.bytes))
        if (event.kind === 'table-start' || event.kind === 'table-progress') {
          view.update(event.table, event.rows, event.estimatedRows, speed(event, rates.get(event.table)))
        }
        if (event.kind === 'table-done') view.done(event.table, event.rows)
      },
    },
    say: (line) => view.say(line),
    close: () => view.close(),
  }
}

/** Rate since the first event of this run; rows of earlier runs do not count. */
class Rate {
  readonly #start = performance.now()
  readonly #rows: number
  readonly #bytes: number

  constructor(rows: number, bytes: number) {
    this.#rows = rows
    this.#bytes = bytes
  }

  perSecond(rows: number, bytes: number): { rows: number; bytes: number } {
    const seconds = Math.max((performance.now() - this.#start) / 1000, 0.001)
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
      return null
  }
}

const tenth = (done: number, total: number): number => Math.floor((done * 10) / total)

interface View {
  say(line: string): void
  update(table: string, rows: number, total: number, note: string): void
  done(table: string, rows: number): void
  close(): void
}

/** One bar, that of the table at work; a table that is done leaves a line. */
function bars(stderr: NodeJS.WriteStream): View {
  let active: { table: string; multi: MultiBar; bar: SingleBar } | null = null
  const open = (table: string): { table: string; multi: MultiBar; bar: SingleBar } => {
    const format = '  {table}  {bar}  {percentage} %   {rows}   {note}'
    const options = { stream: stderr, format, barsize: 30, hideCursor: true, clearOnComplete: true }
    const multi = new MultiBar(options, Presets.shades_classic)
    return { table, multi, bar: multi.create(1, 0, { table: table.padEnd(16), rows: '', note: '' }) }
  }
  const close = (): void => {
    active?.multi.stop()
    active = null
  }
  // The bar makes room for the line and comes back with the next rows.
  const say = (line: string): void => {
    close()
    stderr.write(`${line}\n`)
  }
  return {
    say,
    update(table, rows, total, note) {
      if (rows === 0) return
      if (active?.table !== table) close()
      active ??= open(table)
      // Estimates of servers are often low: the bar must not run over.
      active.bar.setTotal(Math.max(total, rows, 1))
      active.bar.update(rows, { rows: many(rows), note })
    },
    done(table, rows) {
      say(`  ${table.padEnd(16)}  ${many(rows)}`)
    },
    close,
  }
}

function plain(stderr: NodeJS.WriteStream): View {
  const last = new Map<string, number>()
  const say = (line: string) => void stderr.write(`${line}\n`)
  return {
    say,
    update(table, rows, total, note) {
      const now = performance.now()
      if (now - (last.get(table) ?? 0) < PLAIN_INTERVAL_MS && last.has(table)) return
      last.set(table, now)
      if (rows === 0) return
      say(`  ${table}: ${count(rows)} of about ${count(Math.max(total, rows))} rows   ${note}`)
    },
    done: (table, rows) => say(`  ${table}: ${many(rows)}, done`),
    close() {},
  }
}
