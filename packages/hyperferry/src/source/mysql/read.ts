/** Reading one table of the plan: slices streamed in batches, counts, extent and boundaries. */
import { HyperferryError } from '../../errors.ts'
import type { EncodedBatch, PlannedTable, Slice, SourceTable } from '../../model.ts'
import type { TableReader } from '../source.ts'
import { compileAxis } from './axis.ts'
import type { Axis } from './axis.ts'
import { mysqlError } from './errors.ts'
import { whereKey } from './find.ts'
import { ident } from './quote.ts'
import { secondReader } from './second.ts'
import { compileSkipScan } from './skip-scan.ts'
import { selectColumn } from './select.ts'
import type { Session } from './session.ts'
import type { Lease, SessionScope } from './sessions.ts'
import { compileTranscoder } from './transcode.ts'
import type { Transcoder } from './transcode.ts'

/** Bytes of a batch: about this, or one row if that is larger. */
const BATCH_BYTES = 4 * 1024 * 1024

/** Compiles the reader. Throws HF-P021 when the live table does not fit, HF-P022 and HF-P023 for the plan. */
export function tableReader(
  table: PlannedTable,
  live: SourceTable,
  scope: SessionScope,
  timezone: string,
): TableReader {
  checkFit(table, live)
  const axis = compileAxis(table, live)
  const skip = table.split === 'all' ? null : compileSkipScan(live, table.axis)
  // Compiled now, to refuse a wrong plan before anything is read; every read has its own.
  compileTranscoder(table, live, timezone)
  const ask = async <T>(question: (session: Session) => Promise<T>): Promise<T> => {
    const lease = await scope.begin()
    try {
      return await question(lease.session)
    } finally {
      await lease.end()
    }
  }
  const columns = table.columns.filter((column) => column.generated === null)
  const selected = columns.map((column) =>
    selectColumn(
      live.columns.find((one) => one.name === column.source),
      column.rules,
    ),
  )
  const from = `SELECT ${selected.join(', ')} FROM ${ident(table.source)}`
  return {
    read: (slice) =>
      readSlice(
        scope,
        async (session) => from + axis.where(slice, slice.kind === 'range' ? await skip?.access(session) : null),
        () => compileTranscoder(table, live, timezone),
      ),
    find(values) {
      const where = whereKey(live, values)
      if (where === null) return null
      return readSlice(
        scope,
        async () => from + where,
        () => compileTranscoder(table, live, timezone),
      )
    },
    count: (slice) => ask((session) => countSlice(session, table.source, axis, slice)),
    extent: () => ask((session) => axis.extent(session)),
    advance: (start, rows) => ask((session) => axis.advance(session, start, rows)),
    second: secondReader({ table, live, axis, timezone, ask }),
  }
}

function checkFit(table: PlannedTable, live: SourceTable): void {
  for (const column of table.columns) {
    const now = live.columns.find((one) => one.name === column.source)
    const where = `${table.source}.${column.source}`
    if (!now) throw new HyperferryError('HF-P021', { what: `column ${where} is missing in the source` })
    if (now.type !== column.sourceType) {
      throw new HyperferryError('HF-P021', {
        what: `column ${where} is ${now.type} now, the plan says ${column.sourceType}`,
      })
    }
  }
}

async function countSlice(session: Session, table: string, axis: Axis, slice: Slice): Promise<bigint> {
  const [[count] = []] = await session.query(`SELECT COUNT(*) FROM ${ident(table)}${axis.where(slice)}`)
  return BigInt(count ?? 0)
}

async function* readSlice(
  scope: SessionScope,
  sqlIn: (session: Session) => Promise<string>,
  compile: () => Transcoder,
): AsyncGenerator<EncodedBatch, void, undefined> {
  const lease = await scope.begin()
  let complete = false
  try {
    yield* stream(lease, await sqlIn(lease.session), compile())
    complete = true
  } finally {
    // A result that was not read to its end would be taken for the next one's.
    await lease.end(!complete)
  }
}

async function* stream(
  { session }: Lease,
  sql: string,
  transcoder: Transcoder,
): AsyncGenerator<EncodedBatch, void, undefined> {
  const flow = new Flow(session, transcoder)
  try {
    await session.stream(sql, flow)
    for (;;) {
      const more = await flow.next()
      const batch = transcoder.take()
      if (batch.rows > 0 || batch.rejected.length > 0) yield batch
      if (!more) return
    }
  } catch (error) {
    throw mysqlError(error, 'Reading the source', 'read')
  } finally {
    session.unprepare(sql)
  }
}

type State = 'flowing' | 'full' | 'ended' | 'failed'

/** Lets rows in while the consumer waits, and holds the connection back while it does not. */
class Flow {
  readonly #session: Session
  readonly #transcoder: Transcoder
  #state: State = 'flowing'
  #failure: unknown = null
  #wake: (() => void) | null = null

  constructor(session: Session, transcoder: Transcoder) {
    this.#session = session
    this.#transcoder = transcoder
  }

  /** Waits until a batch is full (true) or the server said that there are no more rows (false). Rejects on any other end. */
  async next(): Promise<boolean> {
    if (this.#state === 'full') {
      this.#state = 'flowing'
      this.#session.resume()
    }
    while (this.#state === 'flowing') await new Promise<void>((resolve) => (this.#wake = resolve))
    const state = this.#state as State
    if (state === 'failed') throw mysqlError(this.#failure, 'Reading the source', 'read')
    return state === 'full'
  }

  columns(columns: Parameters<Transcoder['columns']>[0]): void {
    try {
      this.#transcoder.columns(columns)
    } catch (error) {
      this.#fail(error)
    }
  }

  row(buffer: Buffer, start: number): void {
    if (this.#state === 'failed') return
    try {
      this.#transcoder.row(buffer, start)
    } catch (error) {
      this.#fail(error)
    }
    if (this.#transcoder.size < BATCH_BYTES || this.#state !== 'flowing') return
    this.#session.pause()
    this.#become('full')
  }

  end(): void {
    if (this.#state !== 'failed') this.#become('ended')
  }

  error(error: unknown): void {
    this.#failure ??= error
    this.#become('failed')
  }

  #fail(error: unknown): void {
    this.error(error)
    this.#session.destroy(error)
  }

  #become(state: 'full' | 'ended' | 'failed'): void {
    this.#state = state
    this.#wake?.()
    this.#wake = null
  }
}
