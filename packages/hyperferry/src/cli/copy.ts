import { availableParallelism } from 'node:os'
import { copyCsv, makeDeferredIndexes, CATALOGUE, HyperferryError, usualRetry } from '../index-copy.ts'
import type { CopyCsvOptions, CopyRequest, CopyResult, Events, RetryPolicy } from '../index-copy.ts'
import { number, text, yes } from './command.ts'
import type { CommandSpec, Input, Outcome } from './command.ts'
import { COPY_FLAGS } from './copy-flags.ts'
import { bytes, count, duration, rows } from './format.ts'
import type { Io } from './io.ts'
import { previewed } from './preview.ts'

export const copy: CommandSpec = {
  name: 'copy',
  summary: 'Load a CSV file into a table: parallel, exactly once, and resumable.',
  details:
    'Takes the flags of timescaledb-parallel-copy, with one or two dashes, and needs no plan. Every transaction notes in schema hyperferry which bytes of the file it loaded, so nothing is loaded twice, whatever dies in between. A script need not confirm anything; on a terminal --truncate asks.',
  examples: [
    'hyperferry copy --connection postgres://owner@ts1/plant --table reading --file reading.csv --skip-header',
    'hyperferry copy --connection postgres://owner@ts1/plant --table reading --file reading.csv.gz --import-id reading-2026-11 --workers 8',
    'zcat old/*.gz | hyperferry copy --connection postgres://owner@ts1/plant --table reading --columns ts,device_id,temp',
  ],
  mutating: true,
  flags: COPY_FLAGS,
  json: '{rows, bytes, seconds, quarantined, skipped, before, importId, indexes, rejects:{rows, reasons}}; --make-indexes: {indexes}',
  async run(input, io) {
    if (yes(input, 'makeIndexes')) return indexesMade(input, io)
    const asks = yes(input, 'truncate') && isTerminal(io) && !yes(input, 'yes')
    const report = reporter(io.events, number(input, 'reportingPeriod') ?? 0, (line) => io.say(line))
    try {
      const result = await copyCsv({
        ...openingOf(input, io),
        request: requestOf(input),
        events: report.events,
        ...(asks ? { confirm: (preview) => io.confirm(preview) } : {}),
      })
      return 'preview' in result ? previewed(result.preview, input) : outcome(result, input, io)
    } finally {
      report.stop()
    }
  },
}

async function indexesMade(input: Input, io: Io): Promise<Outcome> {
  if (text(input, 'file') || text(input, 'importId') || yes(input, 'truncate') || yes(input, 'deferIndexes')) {
    throw new HyperferryError('HF-U001', {
      what: '--make-indexes loads nothing: --file, --import-id, --truncate and --defer-indexes do not go with it',
      hint: 'Give --connection, --table and --schema only.',
    })
  }
  const { schema, table, workers, retry } = requestOf(input)
  const result = await makeDeferredIndexes({
    ...openingOf(input, io),
    request: { schema, table, workers, retry },
  })
  if ('preview' in result) return previewed(result.preview, input)
  const { indexes } = result
  return { document: result, text: indexes.length === 0 ? 'No index is missing.' : `Made: ${indexes.join(', ')}` }
}

function openingOf(input: Input, io: Io): Omit<CopyCsvOptions, 'request'> {
  return {
    connection: text(input, 'connection') ?? '',
    env: io.env,
    events: io.events,
    signal: io.signal,
    hardSignal: io.hardSignal,
    dryRun: yes(input, 'dryRun') || yes(input, 'printSql'),
  }
}

function requestOf(input: Input): CopyRequest {
  const header = yes(input, 'skipHeader')
  const mapped = yes(input, 'autoColumnMapping') || text(input, 'columnMapping') !== undefined
  const lines = number(input, 'headerLineCount') ?? 1
  if (mapped && (header || text(input, 'columns') !== undefined)) {
    throw new HyperferryError('HF-U001', {
      what: 'the header can be left out or be mapped, and columns can be named by it or by --columns',
      hint: 'Give one of --columns (with --skip-header), --column-mapping, --auto-column-mapping.',
    })
  }
  const limit = number(input, 'limit') ?? 0
  return {
    schema: text(input, 'schema') ?? 'public',
    table: text(input, 'table') ?? '',
    file: text(input, 'file') || null,
    input: process.stdin,
    columns: text(input, 'columns') || null,
    mapping: text(input, 'columnMapping') || null,
    byHeader: yes(input, 'autoColumnMapping'),
    delimiter: text(input, 'split') ?? ',',
    quote: text(input, 'quote') || null,
    escape: text(input, 'escape') || null,
    copyOptions: text(input, 'copyOptions') ?? 'CSV',
    encoding: text(input, 'encoding') || null,
    skipLines: (number(input, 'skipLines') ?? 0) + (header ? lines - 1 : 0),
    header,
    limit: limit === 0 ? null : limit,
    workers: number(input, 'workers') ?? Math.min(4, availableParallelism()),
    batchBytes: number(input, 'batchByteSize') ?? null,
    batchRows: number(input, 'batchSize') ?? null,
    importId: text(input, 'importId') || null,
    truncate: yes(input, 'truncate'),
    deferIndexes: yes(input, 'deferIndexes'),
    skipConflicts: yes(input, 'onConflictDoNothing'),
    skipErrors: yes(input, 'skipBatchErrors'),
    rejectFile: text(input, 'rejectFile') || null,
    directCompress: !yes(input, 'disableDirectCompress'),
    sort: yes(input, 'enableClientSideSorting'),
    logBatches: yes(input, 'logBatches'),
    retry: retryOf(input),
  }
}

function retryOf(input: Input): RetryPolicy {
  // commander turns --no-retry into retry: false.
  if (input.flags['retry'] === false) return { ...usualRetry, attempts: 0 }
  const timeout = number(input, 'retryTimeout') ?? 300_000
  return { ...usualRetry, attempts: Math.ceil(timeout / (usualRetry.longestMs * 0.75)) }
}

function outcome(result: CopyResult, input: Input, io: Io): Outcome {
  const head = `COPY ${result.rows}`
  io.say(summary(result))
  if (result.quarantined === 0) return { document: result, text: verbose(head, result, input) }
  const what = `${rows(result.quarantined)} of the file ${result.quarantined === 1 ? 'was' : 'were'} left out`
  const where = result.rejects === null ? '' : `: see ${result.rejects.rows}, and why in ${result.rejects.reasons}`
  const { hint } = CATALOGUE['HF-F003']
  io.say(`HF-F003: ${what}${where}`)
  io.say(`Try: ${hint}`)
  return {
    document: { ...result, error: { code: 'HF-F003', message: what, hint } },
    text: verbose(head, result, input),
    exitCode: CATALOGUE['HF-F003'].exit,
  }
}

function summary({ rows: loaded, bytes: size, seconds, before, skipped }: CopyResult): string {
  const rate = seconds > 0 ? `   ${count(loaded / seconds)} rows/s   ${bytes(size / seconds)}/s` : ''
  const more = [
    ...(before > 0 ? [`${rows(before)} were loaded before`] : []),
    ...(skipped > 0 ? [`${rows(skipped)} left out, their key was there`] : []),
  ]
  return `${rows(loaded)} in ${duration(seconds)}${rate}${more.length > 0 ? `   (${more.join('; ')})` : ''}`
}

/** As scripts know it. */
function verbose(head: string, { rows: loaded, seconds }: CopyResult, input: Input): string {
  if (!yes(input, 'verbose')) return head
  const workers = number(input, 'workers') ?? Math.min(4, availableParallelism())
  return `${head}, took ${seconds.toFixed(3)}s with ${workers} worker(s) (mean rate ${(loaded / Math.max(seconds, 0.001)).toFixed(6)}/sec)`
}

function isTerminal(io: Io): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && !io.json
}

/** Says every `periodMs` how many rows are loaded. 0: never. */
function reporter(events: Events, periodMs: number, say: (line: string) => void): { events: Events; stop: () => void } {
  if (periodMs === 0) return { events, stop: () => {} }
  const started = performance.now()
  let loaded: { at: number; now: number } | null = null
  const timer = setInterval(() => {
    const seconds = (performance.now() - started) / 1000
    const done = (loaded?.now ?? 0) - (loaded?.at ?? 0)
    say(`  at ${duration(seconds)}: ${rows(loaded?.now ?? 0)}, ${count(done / seconds)} rows/s`)
  }, periodMs)
  return {
    stop: () => clearInterval(timer),
    events: {
      emit(event) {
        if (event.kind === 'table-start') loaded = { at: event.rows, now: event.rows }
        if (event.kind === 'table-progress' && loaded) loaded.now = event.rows
        events.emit(event)
      },
    },
  }
}
