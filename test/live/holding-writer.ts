// A writer as the control schema sees one, without the library: it answers a hold when it has delivered what it owes, and carries the outbox.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export interface HoldingOptions {
  migration: string
  name: string
  /** Sees a hold and says so, or not. Default true. */
  answers?: boolean
  /** Stops all heartbeats at a hold, after having answered: as a process that hangs. */
  hangs?: boolean
  /** Called when it sees a hold, before it answers. */
  onHold?: () => Promise<void> | void
  /** Puts a record of the outbox into the source. */
  deliver?: (record: unknown) => Promise<void>
}

interface State {
  stage: string
  epoch: number
  phase: 'open' | 'prepare' | 'hold'
  holdId: string | null
  barrier: number
}

/** Polls fifty times a second until it is closed. */
export class HoldingWriter {
  readonly #client: pg.Client
  readonly #options: HoldingOptions
  readonly #id: string
  #state: State
  #owes: (() => Promise<void>) | null = null
  #answered: string | null = null
  #running: Promise<void> = Promise.resolve()
  #stop = false
  /** Every state it has seen, without repetitions. */
  readonly seen: string[] = []

  private constructor(client: pg.Client, options: HoldingOptions, registered: { writerId: string; state: State }) {
    this.#client = client
    this.#options = options
    this.#id = registered.writerId
    this.#state = registered.state
  }

  static async join(url: string, options: HoldingOptions): Promise<HoldingWriter> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { migration, name } = options
    const me = { contract: 1, name, incarnation: randomUUID(), journal: randomUUID(), library: 'test' }
    const facts = { facts: { markers: true } }
    const { rows } = await client.query<{ answer: { writerId: string; state: State } }>(
      'select hyperferry.w1_register($1, $2) as answer',
      [migration, JSON.stringify({ ...me, ...facts })],
    )
    const answer = rows[0]?.answer
    if (answer === undefined) throw new Error('not registered')
    const writer = new HoldingWriter(client, options, answer)
    await writer.#beat()
    writer.#running = writer.#run()
    return writer
  }

  get id(): string {
    return this.#id
  }

  get state(): State {
    return this.#state
  }

  /** Has something to bring to the other store, and does so when it sees a hold. */
  owe(drain: () => Promise<void>): void {
    this.#owes = drain
  }

  /** `silent`: as if killed, its row stays open. */
  async close(how: 'clean' | 'silent' = 'clean'): Promise<void> {
    if (this.#stop) return
    this.#stop = true
    await this.#running
    if (how === 'clean') await this.#client.query('select hyperferry.w1_close($1)', [this.#id])
    await this.#client.end()
  }

  /** Writes to the target as primary, as the library does: rows and outbox in one transaction that the roles cannot change under. */
  async write(url: string, sql: string, record: unknown): Promise<void> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query('begin')
      await client.query('select hyperferry.w1_begin($1, $2)', [this.#id, this.#state.epoch])
      await client.query(sql)
      await client.query('select hyperferry.w1_outbox($1, $2, $3)', [
        this.#id,
        this.#state.epoch,
        JSON.stringify([record]),
      ])
      await client.query('commit')
    } finally {
      await client.end()
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop) {
      await this.#look()
      if (this.#options.hangs === true && this.#answered !== null) return
      await sleep(20)
    }
  }

  async #look(): Promise<void> {
    const { phase, holdId } = this.#state
    if (phase === 'hold' && holdId !== null && holdId !== this.#answered && this.#options.answers !== false) {
      await this.#options.onHold?.()
      await this.#owes?.()
      this.#owes = null
      this.#answered = holdId
    }
    if (phase !== 'hold') this.#answered = null
    if (this.#options.deliver !== undefined && this.#state.stage === 'live') await this.#carry()
    await this.#beat()
  }

  async #carry(): Promise<void> {
    await this.#client.query('begin')
    const { rows } = await this.#client.query<{ id: string; record: unknown }>(
      'select id::text, record from hyperferry.w1_outbox_take($1, 100)',
      [this.#id],
    )
    for (const { record } of rows) await this.#options.deliver?.(record)
    await this.#client.query('select hyperferry.w1_outbox_done($1, $2)', [this.#id, rows.map(({ id }) => id)])
    await this.#client.query('commit')
  }

  async #beat(): Promise<void> {
    const { barrier, epoch, stage } = this.#state
    const said = {
      barrier,
      epoch,
      stage,
      dual: stage === 'dualwrite' || stage === 'live',
      held: this.#answered,
      pending: this.#owes === null ? 0 : 1,
      facts: { markers: true },
    }
    const { rows } = await this.#client.query<{ state: State }>('select hyperferry.w1_heartbeat($1, $2) as state', [
      this.#id,
      JSON.stringify(said),
    ])
    this.#state = rows[0]?.state ?? this.#state
    const look = `${this.#state.stage} ${this.#state.epoch} ${this.#state.phase}`
    if (this.seen.at(-1) !== look) this.seen.push(look)
  }
}
