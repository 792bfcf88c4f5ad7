// One whole live migration under fire: writers that never stop, a target that is killed, a writer that is killed, a tool that is killed at every step.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseDocument } from 'yaml'
import { hyperferry } from '../helpers/hyperferry.ts'
import type { Ran } from '../helpers/hyperferry.ts'
import { judge, readClaims } from './proof.ts'
import type { Verdict } from './proof.ts'
import { makeSource } from './shapes.ts'
import type { LiveEngine } from './shapes.ts'
import type { WriterSettings } from './writer-child.ts'

export interface LineOptions {
  engine: LiveEngine
  /** File of the source, or the URL of an account that may write; for `mysql` also one that only reads. */
  source: string
  reader: string
  target: string
  writers: number
  /** Rows of each table from before. */
  rows: number
  /** Writes per second of each writer. */
  rate: number
  /** Kills the target and starts it again; absent: it lives. */
  crash?: { kill9(): Promise<void>; restart(): Promise<void> }
  /** Kill the tool once in every step, at this failpoint of each command. */
  failpoints?: Readonly<Record<string, string>>
  /** Kill the first writer after this command. */
  killWriterAfter?: string
  /** Kill the target during this command. */
  crashDuring?: string
  onSay?: (line: string) => void
}

export interface LineResult extends Verdict {
  /** Commands with their exit codes, killed ones as 137. */
  steps: string[]
  faultsInjected: number
  pauses: number[]
  problems: string
}

export async function runLine(options: LineOptions): Promise<LineResult> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-live-'))
  const line = new Line(options, folder)
  try {
    return await line.run()
  } finally {
    await line.end()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

class Line {
  readonly #options: LineOptions
  readonly #folder: string
  readonly #writers: LiveWriter[]
  readonly #steps: string[] = []
  readonly #pauses: number[] = []
  #faults = 0

  constructor(options: LineOptions, folder: string) {
    this.#options = options
    this.#folder = folder
    this.#writers = Array.from({ length: options.writers }, (_, n) => {
      const name = `w${n}`
      return new LiveWriter({
        engine: options.engine,
        name,
        migration: 'live',
        source: options.source,
        target: options.target,
        journal: join(folder, `journal-${name}`),
        log: join(folder, `${name}.log`),
        rate: options.rate,
      })
    })
  }

  async run(): Promise<LineResult> {
    const { engine, source, rows } = this.#options
    await makeSource(engine, source, Date.now(), rows)
    for (const writer of this.#writers) writer.start()
    await this.#do(['plan', '--full'])
    this.#decide()
    await this.#do(['schema', '--yes'])
    await this.#do(['relational', '--yes'])
    await sleep(1500)
    await this.#do(['stage', 'dualwrite', '--yes'])
    await sleep(2000)
    await this.#do(['completion-point', '--wait', '--yes'])
    await this.#do(['backfill', '--yes'])
    await this.#do(['verify'])
    await this.#change('cutover')
    await sleep(1500)
    await this.#change('rollback')
    await sleep(1500)
    await this.#do(['verify'])
    await this.#change('cutover')
    await sleep(1500)
    for (const writer of this.#writers) await writer.stop()
    await this.#do(['verify', '--level', 'rows'])
    const verdict = await judge(
      engine,
      source,
      this.#options.target,
      this.#writers.map(({ log }) => log),
    )
    const problems = this.#writers.map((writer) => writer.problems).join('')
    return { ...verdict, steps: this.#steps, faultsInjected: this.#faults, pauses: this.#pauses, problems }
  }

  async end(): Promise<void> {
    for (const writer of this.#writers) await writer.kill9()
  }

  #decide(): void {
    const file = join(this.#folder, 'hyperferry.yaml')
    const plan = parseDocument(readFileSync(file, 'utf8'))
    plan.setIn(['migration'], 'live')
    // So few rows could be either; here they are what the application writes all the time.
    for (const [table, time] of Object.entries(TIMES)) {
      plan.setIn(['tables', table, 'kind'], 'timeseries')
      if (plan.getIn(['tables', table, 'time']) === undefined)
        plan.setIn(['tables', table, 'time'], plan.createNode(time(this.#options.engine)))
    }
    plan.setIn(['dualWrite', 'writers'], this.#options.writers)
    // Far more than rows are late: a writer that stands still for a moment makes them later, and that is remembered.
    plan.setIn(['dualWrite', 'maxLateness'], '8 seconds')
    // All workers from the beginning: what they do to each other is to be seen. SQLite has the usual way.
    if (this.#options.engine !== 'sqlite') plan.setIn(['backfill', 'writerSlowdown'], 'off')
    writeFileSync(file, plan.toString())
  }

  async #change(command: 'cutover' | 'rollback'): Promise<void> {
    const accept = command === 'cutover' ? ['--accept', 'HF-G031', '--reason', 'no load test here'] : []
    const { json } = await this.#do([command, '--yes', ...accept])
    this.#pauses.push(Number(json['pauseMs']))
  }

  /** Runs a command to its good end; where it is to be killed, it is killed first and typed again. */
  async #do(args: string[]): Promise<Ran> {
    const [command = ''] = args
    const failpoint = this.#options.failpoints?.[command]
    if (failpoint !== undefined) {
      const killed = await this.#type(args, { HYPERFERRY_FAILPOINT: failpoint })
      if (killed.signal === 'SIGKILL') this.#faults += 1
      else if (killed.exitCode === 0 && command !== 'plan') return killed
    }
    const crash = this.#options.crashDuring === command ? this.#crash() : null
    let ran = await this.#type(args)
    await crash
    // A target that died meanwhile, a hold that was too short, a writer that is just coming back: everything says that it may be typed again.
    for (let again = 0; again < 6 && mayAgain(ran); again += 1) {
      await sleep(1500)
      ran = await this.#type(args)
    }
    if (ran.exitCode !== 0)
      throw new Error(`hyperferry ${args.join(' ')}: exit ${ran.exitCode}\n${ran.stdout}\n${ran.stderr}`)
    if (this.#options.killWriterAfter === command) {
      await this.#writers[0]?.kill9()
      this.#faults += 1
      this.#writers[0]?.start()
      await this.#writers[0]?.writes()
    }
    return ran
  }

  async #crash(): Promise<void> {
    await sleep(900)
    await this.#options.crash?.kill9()
    this.#faults += 1
    await sleep(1000)
    await this.#options.crash?.restart()
  }

  async #type(args: string[], env: Record<string, string> = {}): Promise<Ran> {
    const { engine, source, reader, target } = this.#options
    const url = engine === 'sqlite' ? `sqlite:${source}` : reader
    const ran = await hyperferry([...args, '--json'], {
      cwd: this.#folder,
      env: { HYPERFERRY_SOURCE: url, HYPERFERRY_TARGET: target, ...env },
    })
    const end = ran.signal === 'SIGKILL' ? 137 : ran.exitCode
    this.#steps.push(`${args.join(' ')} → ${end}`)
    this.#options.onSay?.(`${args.join(' ')} → ${end}${end === 0 ? '' : ` ${ran.stdout.slice(0, 600)}`}`)
    return ran
  }
}

/** Exit 4 says so by contract; a command that begins while the target is away says that it cannot be reached. */
function mayAgain(ran: Ran): boolean {
  return ran.exitCode === 4 || (ran.exitCode === 1 && ran.stdout.includes('HF-C010'))
}

class LiveWriter {
  readonly #settings: Omit<WriterSettings, 'first'>
  #child: ChildProcess | null = null
  #ended: Promise<unknown> = Promise.resolve()
  problems = ''

  constructor(settings: Omit<WriterSettings, 'first'>) {
    this.#settings = settings
  }

  get log(): string {
    return this.#settings.log
  }

  start(): void {
    const settings = { ...this.#settings, first: readClaims(this.log).last + 1 }
    const file = join(import.meta.dirname, 'writer-child.ts')
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', LIVE_WRITER: JSON.stringify(settings) },
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.problems += text))
    this.#child = child
    this.#ended = once(child, 'close')
  }

  /** Resolves when it has written something since it was started. */
  async writes(): Promise<void> {
    const before = readClaims(this.log).last
    for (let waited = 0; readClaims(this.log).last === before && waited < 200; waited += 1) await sleep(100)
  }

  async kill9(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM')
    await this.#ended
    if (this.#child?.exitCode !== 0)
      throw new Error(`writer ${this.#settings.name} ended with ${this.#child?.exitCode}: ${this.problems}`)
  }
}

const ms = (column: string) => (engine: LiveEngine) => (engine === 'sqlite' ? { column, unit: 'ms' } : { column })
const TIMES = { reading: ms('ts'), metric: ms('ts'), event: ms('at'), line: () => ({ column: 'at' }) }
