// A writer as the control schema sees one, without the library: it answers barriers, says what it is told to say, and puts rows where it is told to.
import { randomUUID } from 'node:crypto'
import pg from 'pg'

/** What it reports besides stage and barrier; see w1_heartbeat. */
export interface Reported {
  dual?: boolean
  inFlight?: number
  pending?: number
  inDoubt?: number
  low?: Record<string, string>
  lateness?: Record<string, { rows: number; minUs: number; maxUs: number; counts: number[] }>
  clockOffsetUs?: number
  clockErrorUs?: number
  facts?: Record<string, unknown>
}

interface State {
  stage: string
  epoch: number
  barrier: number
}

/** Polls ten times a second until it is closed or `silent`. */
export class FakeWriter {
  readonly journal: string
  #client: pg.Client
  #id = ''
  #state: State = { stage: 'off', epoch: 0, barrier: 0 }
  #reported: Reported = {}
  #timer: NodeJS.Timeout | null = null
  #beat: Promise<void> = Promise.resolve()

  private constructor(client: pg.Client, journal: string) {
    this.#client = client
    this.journal = journal
  }

  static async join(url: string, name: string, reported: Reported = {}, migration = 'lab'): Promise<FakeWriter> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const writer = new FakeWriter(client, randomUUID())
    const { rows } = await client.query<{ answer: { writerId: string; state: State | null } }>(
      'select hyperferry.w1_register($1, $2) as answer',
      [
        migration,
        JSON.stringify({ contract: 1, name, incarnation: randomUUID(), journal: writer.journal, library: 'test' }),
      ],
    )
    const answer = rows[0]?.answer
    if (answer === undefined) throw new Error('not registered')
    writer.#id = answer.writerId
    writer.#state = answer.state ?? writer.#state
    await writer.report(reported)
    writer.#timer = setInterval(() => {
      writer.#beat = writer.#beat.then(() => writer.#once())
    }, 100)
    return writer
  }

  get id(): string {
    return this.#id
  }

  /** From the next heartbeat on, which is made at once. */
  async report(change: Reported): Promise<void> {
    this.#reported = { ...this.#reported, ...change }
    this.#beat = this.#beat.then(() => this.#once())
    await this.#beat
  }

  async query(sql: string, params: unknown[] = []): Promise<void> {
    await this.#client.query(sql, params)
  }

  async close(how: 'clean' | 'silent' = 'clean'): Promise<void> {
    if (this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
    await this.#beat
    if (how === 'clean') await this.#client.query('select hyperferry.w1_close($1)', [this.#id])
    await this.#client.end()
  }

  async #once(): Promise<void> {
    const { barrier, epoch, stage } = this.#state
    const said = { barrier, epoch, stage, dual: stage === 'dualwrite', ...this.#reported }
    const { rows } = await this.#client.query<{ state: State }>('select hyperferry.w1_heartbeat($1, $2) as state', [
      this.#id,
      JSON.stringify(said),
    ])
    this.#state = rows[0]?.state ?? this.#state
  }
}
