// A writer as the library is one: the source first, then the target through the functions of the control schema, some time later and in order.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { LiveTable, Row, SourceDoor } from './backfill-world.ts'

interface Op {
  table: LiveTable
  rows: Row[]
}

export interface WriterOptions {
  name: string
  source: SourceDoor
  targetUrl: string
  /** Milliseconds between two heartbeats. Default 15. */
  heartbeatMs?: number
}

const CONFLICT: Record<LiveTable, string> = {
  metric: 'on conflict do nothing',
  gauge: 'on conflict do nothing',
  event: '',
  line: '',
}

export class DeliveringWriter {
  readonly #options: WriterOptions
  readonly #journal = randomUUID()
  readonly #heart: pg.Client
  readonly #hand: pg.Client
  /** Intents whose fate in the source is open, and records that are not delivered: both are told of. */
  readonly #inFlight = new Set<Op>()
  readonly #pending: Op[] = []
  #id = ''
  #barrier = 0
  #heartbeats: Promise<void> = Promise.resolve()
  #stopping = false
  #delivering: Promise<unknown> = Promise.resolve()
  /** SQLSTATEs and details the target answered with. A deadlock or a timeout here is the tool's fault. */
  readonly errors: string[] = []
  delivered = 0

  constructor(options: WriterOptions) {
    this.#options = options
    this.#heart = new pg.Client({ connectionString: options.targetUrl })
    this.#hand = new pg.Client({ connectionString: options.targetUrl })
  }

  async start(): Promise<this> {
    await this.#heart.connect()
    await this.#hand.connect()
    const writer = {
      contract: 1,
      name: this.#options.name,
      journal: this.#journal,
      incarnation: randomUUID(),
      library: 'test',
    }
    const { rows } = await this.#heart.query<{ answer: { writerId: string } }>(
      'select hyperferry.w1_register($1, $2) as answer',
      ['live', JSON.stringify(writer)],
    )
    this.#id = rows[0]?.answer.writerId ?? ''
    await this.#beat()
    this.#heartbeats = this.#beatOn()
    return this
  }

  get backlog(): number {
    return this.#pending.length
  }

  /** Number of the barrier it has answered last. */
  get barrier(): number {
    return this.#barrier
  }

  /** To the source; returns when it is committed there. The target follows by `deliver`. */
  async write(table: LiveTable, rows: Row[]): Promise<void> {
    const op = { table, rows }
    this.#inFlight.add(op)
    await this.#options.source.insert(table, rows)
    this.#pending.push(op)
    this.#inFlight.delete(op)
  }

  /** Delivers the oldest `most` records in one transaction; again until the target takes them. */
  deliver(most: number): Promise<void> {
    const turn = this.#delivering.then(() => this.#deliverNow(most))
    this.#delivering = turn
    return turn
  }

  async stop(): Promise<void> {
    while (this.#pending.length > 0) await this.deliver(100)
    this.#stopping = true
    await this.#heartbeats
    await this.#heart.query('select hyperferry.w1_close($1)', [this.#id])
    await this.#heart.end()
    await this.#hand.end()
  }

  async #deliverNow(most: number): Promise<void> {
    const ops = this.#pending.slice(0, most)
    if (ops.length === 0) return
    for (;;) {
      try {
        await this.#once(ops)
        break
      } catch (error) {
        const { code, detail } = error as { code?: string; detail?: string }
        this.errors.push(`${code ?? String(error)} ${detail ?? ''}`)
        await this.#hand.query('rollback')
        await sleep(5)
      }
    }
    this.#pending.splice(0, ops.length)
    this.delivered += ops.length
  }

  async #once(ops: readonly Op[]): Promise<void> {
    const hand = this.#hand
    await hand.query('begin')
    await hand.query('select hyperferry.w1_inbox($1, $2)', [this.#id, this.#journal])
    const instants: Record<string, string[]> = {}
    // In one order of tables: two writers that make chunks of two hypertables in turn would wait for each other.
    for (const { table, rows } of ops.toSorted((a, b) => (a.table < b.table ? -1 : 1))) {
      const stored = rows.map(({ id, at, tag }) => ({
        id: table === 'event' || table === 'line' ? id % 2 : id,
        at,
        tag,
      }))
      await hand.query(
        `insert into plant.${table} (id, at, tag) select (r ->> 'id')::int8, to_timestamp((r ->> 'at')::numeric / 1000), r ->> 'tag'
         from json_array_elements($1::json) r ${CONFLICT[table]}`,
        [JSON.stringify(stored)],
      )
      ;(instants[table] ??= []).push(...rows.map(({ at }) => `${at}000`))
    }
    const to = this.delivered + ops.length
    await hand.query('select hyperferry.w1_applied($1, $2, $3, $4, $5)', [
      this.#id,
      this.#journal,
      this.delivered,
      to,
      JSON.stringify(instants),
    ])
    await hand.query('commit')
  }

  async #beatOn(): Promise<void> {
    while (!this.#stopping) {
      await sleep(this.#options.heartbeatMs ?? 15)
      await this.#beat()
    }
  }

  /** What it says was looked up after the barrier's number was seen. */
  async #beat(): Promise<void> {
    const low: Record<string, string> = {}
    for (const { table, rows } of [...this.#inFlight, ...this.#pending]) {
      const ats = rows.map(({ at }) => at)
      // As the library: of rows far ahead the smallest number of all is said.
      const smallest = ats.some((at) => at > Date.UTC(2025, 4, 1)) ? -(2n ** 63n) : BigInt(Math.min(...ats)) * 1000n
      if (low[table] === undefined || smallest < BigInt(low[table])) low[table] = String(smallest)
    }
    const state = { stage: 'dualwrite', dual: true, barrier: this.#barrier, pending: this.#pending.length, low }
    const { rows } = await this.#heart.query<{ state: { barrier: number } }>(
      'select hyperferry.w1_heartbeat($1, $2) as state',
      [this.#id, JSON.stringify(state)],
    )
    this.#barrier = rows[0]?.state.barrier ?? this.#barrier
  }
}
