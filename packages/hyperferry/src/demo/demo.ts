/** The whole method, to be watched: a database moves while an application writes to it, three things die on the way, and the application's own log is the proof. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { MARKER_SQL } from '@hyperferry/dual-write/sqlite'
import pg from 'pg'
import { parseDocument } from 'yaml'
import { HyperferryError } from '../errors.ts'
import { Application, type } from './actors.ts'
import type { Stage, Typed } from './actors.ts'
import { readLog } from './log.ts'
import { makePlant } from './plant.ts'
import { prove, readSource } from './proof.ts'
import type { Proof } from './proof.ts'
import { sabotage } from './sabotage.ts'
import type { Sabotage } from './sabotage.ts'
import { startDemoServer } from './server.ts'
import type { DemoServer } from './server.ts'

export interface DemoOptions {
  /** An empty database instead of the embedded one; its server is not killed then, its connections are. */
  target?: string
  /** How long the application writes at least. Default 60. */
  seconds?: number
  /** Leave the folder with both databases, the plan and the log. */
  keep?: boolean
  sabotage?: Sabotage
  say: (line: string) => void
}

export interface DemoDocument {
  /** Nothing lost, nothing doubled, and the tool's own verify agrees. */
  verified: boolean
  acknowledgedWrites: number
  /** Acknowledged rows missing in the target or the source, or altered there. */
  lostWrites: number
  duplicateWrites: number
  /** Writes that the application was refused (and told so). */
  refusedWrites: number
  faults: string[]
  /** The longest pause of the cutovers and the rollback. */
  cutoverPauseMs: number
  steps: { command: string; exitCode: number; seconds: number }[]
  tables: Proof['tables']
  seconds: number
  folder: string | null
}

const READINGS = 300_000
const ENOUGH_WRITES = 20_000
const RATE = 450

/** Runs it. Throws HF-X001 when a step does not do what it should. */
export async function demo(options: DemoOptions): Promise<DemoDocument> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-demo-'))
  let server: DemoServer | null = null
  try {
    if (options.target === undefined) server = await startDemoServer(folder)
    return await new Demo(folder, server, options).run()
  } finally {
    await server?.stop()
    if (options.keep !== true) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

class Demo {
  readonly #options: DemoOptions
  readonly #server: DemoServer | null
  readonly #stage: Stage
  readonly #source: string
  readonly #target: string
  readonly #log: string
  readonly #application: Application
  readonly #began = performance.now()
  readonly #steps: DemoDocument['steps'] = []
  readonly #faults: string[] = []
  #pauseMs = 0

  constructor(folder: string, server: DemoServer | null, options: DemoOptions) {
    this.#options = options
    this.#server = server
    this.#source = join(folder, 'plant.db')
    this.#log = join(folder, 'application.log')
    this.#target = server?.url ?? options.target ?? ''
    const env = { HYPERFERRY_SOURCE: `sqlite:${this.#source}`, HYPERFERRY_TARGET: this.#target }
    this.#stage = { folder, env, say: options.say }
    this.#application = new Application(
      {
        migration: 'plant',
        source: this.#source,
        target: this.#target,
        journal: join(folder, 'journal'),
        log: this.#log,
        rate: RATE,
      },
      options.say,
    )
  }

  async run(): Promise<DemoDocument> {
    const where = this.#server === null ? 'your target' : `an embedded PostgreSQL ${this.#server.version}, empty`
    this.#tell(
      `A plant's database in SQLite: sites, devices, ${READINGS} readings, an event log. It moves into ${where}.`,
    )
    makePlant(this.#source, READINGS, { end: Date.now() - 60_000, sins: false })
    const history = readSource(this.#source)
    this.#markers()
    try {
      this.#tell(
        'The application starts. It writes all the while, in a process of its own, and keeps its own log of what was acknowledged.',
      )
      this.#application.start()
      await this.#line()
      await this.#enough()
    } finally {
      await this.#application.stop()
    }
    return this.#verdict(history)
  }

  async #line(): Promise<void> {
    this.#tell('Steps 1 to 3: look at everything, make the tables, copy what is relational.')
    await this.#do(['plan', '--full'])
    this.#decide()
    await this.#do(['check'])
    await this.#do(['schema', '--yes'])
    await this.#do(['relational', '--yes'])
    this.#tell(
      'Step 4: from now on every write goes to both databases. The application is not restarted; it hears of it within a second.',
    )
    await this.#do(['stage', 'dualwrite', '--yes'])
    await sleep(1500)
    await this.#killTarget()
    this.#tell('Step 5: the completion point. What is older belongs to the backfill, what is newer to the application.')
    await this.#do(['completion-point', '--wait', '--explain', '--yes'])
    this.#tell(
      'Step 6: the history. The copy is killed (-9) in the middle, and the same command goes on where its receipts end.',
    )
    await this.#do(['backfill', '--yes'], { failpoint: 'backfill.mid-copy:2' })
    await this.#killApplication()
    await this.#do(['backfill', '--yes'])
    this.#tell('Steps 7 and 8: policies and aggregates (none here), and the proof that both databases hold the same.')
    await this.#do(['refresh', '--yes'])
    await this.#do(['verify'])
    this.#tell('Step 9: does the target carry the load?')
    await this.#do(['load-test', '--queries', 'queries.yaml', '--seconds', '3'])
    this.#tell('Step 10: the roles change, under load. The old database stays written.')
    await this.#changeRoles(['cutover', '--yes'])
    await sleep(3000)
    this.#tell('And back again, as if something were wrong: nothing that was written to the new database is lost.')
    await this.#changeRoles(['rollback', '--yes'])
    await sleep(2000)
    await this.#do(['verify'])
    this.#tell('And for good.')
    await this.#changeRoles(['cutover', '--yes'])
    await this.#insertSite()
  }

  /** What a person would write into the plan, and the queries of the load test. */
  #decide(): void {
    const file = join(this.#stage.folder, 'hyperferry.yaml')
    const plan = parseDocument(readFileSync(file, 'utf8'))
    plan.setIn(['dualWrite', 'writers'], 1)
    plan.setIn(['dualWrite', 'maxLateness'], '2 seconds')
    writeFileSync(file, plan.toString())
    writeFileSync(join(this.#stage.folder, 'queries.yaml'), QUERIES)
  }

  /** The table in the source by which the application tells which of its writes are there (hyperferry writers grant --print-sql). */
  #markers(): void {
    const database = new DatabaseSync(this.#source)
    database.exec(MARKER_SQL.sqlite)
    database.close()
  }

  async #killTarget(): Promise<void> {
    if (this.#server === null) {
      await this.#query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      this.#fault('all connections of the target were cut')
      return
    }
    await this.#server.kill9()
    this.#fault('the target was killed (-9); the application goes on, its journal keeps what is to follow')
    const before = this.#application.acknowledged
    await sleep(2000)
    const written = this.#application.acknowledged - before
    this.#stage.say(`  ${written} writes were acknowledged while it was away`)
    if (written === 0) throw failed('the application could not write while the target was away')
    await this.#server.start()
  }

  async #killApplication(): Promise<void> {
    await this.#application.kill9()
    this.#fault('the application was killed (-9) in the middle of its writes, and starts again with its journal')
    this.#application.start()
    await sleep(1500)
  }

  async #changeRoles(command: string[]): Promise<void> {
    const { document } = await this.#do(command)
    const pause = Number(document['pauseMs'] ?? Number.NaN)
    this.#pauseMs = Math.max(this.#pauseMs, pause)
    this.#stage.say(
      `  epoch ${String(document['epoch'])}, primary: ${String(document['primary'])}, writes paused for ${pause} ms`,
    )
  }

  /** Sequences were set above both sides: an insert that asks for a number works at once. */
  async #insertSite(): Promise<void> {
    await this.#query(`insert into site (name) values ('first site of the new database')`)
    this.#stage.say('  insert into site … works at once: its sequence goes on behind the numbers of the old database')
  }

  async #query(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.#target })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }

  async #enough(): Promise<void> {
    const seconds = this.#options.seconds ?? 60
    const end = performance.now() + 120_000
    while (
      (performance.now() - this.#began < seconds * 1000 || this.#application.acknowledged < ENOUGH_WRITES) &&
      performance.now() < end
    ) {
      this.#application.mustRun()
      await sleep(500)
    }
  }

  async #verdict(history: Parameters<typeof prove>[3]): Promise<DemoDocument> {
    this.#tell('The application has ended. Its log against both databases:')
    if (this.#options.sabotage !== undefined) {
      this.#stage.say(`  sabotage ${await sabotage(this.#target, this.#options.sabotage)}`)
    }
    const logged = readLog(this.#log)
    const proof = await prove(this.#source, this.#target, logged, history)
    const verify = await this.#do(['verify', '--level', 'rows'], { mayFail: true })
    const lostWrites = proof.lost.target + proof.lost.source + proof.history
    const duplicateWrites = proof.duplicated.target + proof.duplicated.source
    const refusedWrites = [...logged.refused.values()].reduce((sum, times) => sum + times, 0)
    const verified = lostWrites + duplicateWrites === 0 && verify.exitCode === 0
    const { acknowledgedWrites, acknowledgedRows, tables } = proof
    this.#stage.say(`  ${acknowledgedWrites} acknowledged writes (${acknowledgedRows} rows), ${refusedWrites} refused`)
    this.#stage.say(
      `  lost ${lostWrites}   doubled ${duplicateWrites}   faults ${this.#faults.length}   longest pause ${this.#pauseMs} ms`,
    )
    const folder = this.#options.keep === true ? this.#stage.folder : null
    const seconds = Math.round((performance.now() - this.#began) / 100) / 10
    return {
      verified,
      acknowledgedWrites,
      lostWrites,
      duplicateWrites,
      refusedWrites,
      faults: this.#faults,
      cutoverPauseMs: this.#pauseMs,
      steps: this.#steps,
      tables,
      seconds,
      folder,
    }
  }

  async #do(args: string[], how: { failpoint?: string; mayFail?: boolean } = {}): Promise<Typed> {
    this.#application.mustRun()
    const began = performance.now()
    const env = how.failpoint === undefined ? {} : { HYPERFERRY_FAILPOINT: how.failpoint }
    const typed = await type(this.#stage, args, env)
    const seconds = Math.round((performance.now() - began) / 100) / 10
    this.#steps.push({ command: args.join(' '), exitCode: typed.killed ? 137 : typed.exitCode, seconds })
    if (how.failpoint !== undefined) {
      if (!typed.killed) throw failed(`hyperferry ${args.join(' ')} was to be killed and was not`)
      this.#fault('the backfill was killed (-9) in the middle of a copy')
    } else if (typed.exitCode !== 0 && how.mayFail !== true) {
      throw failed(
        `hyperferry ${args.join(' ')} ended with ${typed.exitCode}: ${JSON.stringify(typed.document['error'] ?? typed.document)}`,
      )
    }
    return typed
  }

  #fault(what: string): void {
    this.#faults.push(what)
    this.#stage.say(`  ✂ ${what}`)
  }

  #tell(what: string): void {
    this.#stage.say(`\n# ${what}`)
  }
}

function failed(what: string): HyperferryError {
  return new HyperferryError('HF-X001', { what: `the demo failed: ${what}` })
}

const QUERIES = `queries:
  - name: latest_by_device
    source: select device_id, max(ts) as ts from reading where ts < ? group by device_id
    target: select device_id, max(ts) as ts from reading where ts < $1 group by device_id
    params: [[1700000000000]]
    limit: { p99: 2000 ms }
  - name: events_of_a_kind
    source: select count(*) as n from event_log where kind = ? and at < '2024-01-01'
    target: select count(*) as n from event_log where kind = $1 and at < '2024-01-01'
    params: [[k1], [k2]]
    limit: { p99: 2000 ms }
`
