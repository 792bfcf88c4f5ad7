/** Who acts in the demo: the command line, typed for real, and the application in a process of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { HyperferryError } from '../errors.ts'
import type { ApplicationSettings } from './application.ts'
import { readLog } from './log.ts'

/** Where the demo's words and the commands' go. */
export interface Stage {
  folder: string
  env: Record<string, string>
  /** Prints a line. */
  say: (line: string) => void
}

export interface Typed {
  exitCode: number
  /** Ended by SIGKILL, as a failpoint does. */
  killed: boolean
  /** The document of --json. */
  document: Record<string, unknown>
}

/** Runs `hyperferry args…` with --json; what it says on the way goes to `say`. */
export async function type(stage: Stage, args: readonly string[], env: Record<string, string> = {}): Promise<Typed> {
  stage.say(`$ hyperferry ${args.join(' ')}`)
  const program = fileURLToPath(new URL('../../bin/hyperferry.js', import.meta.url))
  const child = spawn(process.execPath, [program, ...args, '--json'], {
    cwd: stage.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...stage.env, ...env },
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  eachLine(child.stderr, (line) => stage.say(`  ${line}`))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  const document = out.trim() === '' ? {} : (JSON.parse(out) as Record<string, unknown>)
  return { exitCode: code ?? 1, killed: signal === 'SIGKILL', document }
}

/** The application; it can be killed and started again, and writes on where its log ends. */
export class Application {
  readonly #settings: Omit<ApplicationSettings, 'first'>
  readonly #say: (line: string) => void
  #child: ChildProcess | null = null
  #ended: Promise<unknown> = Promise.resolve()
  #stopping = false

  constructor(settings: Omit<ApplicationSettings, 'first'>, say: (line: string) => void) {
    this.#settings = settings
    this.#say = say
  }

  start(): void {
    const file = import.meta.filename.replace(/actors(\.\w+)$/, 'application$1')
    const settings: ApplicationSettings = { ...this.#settings, first: this.#nextNumber() }
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, HYPERFERRY_FAILPOINT: '', HYPERFERRY_DEMO_APPLICATION: JSON.stringify(settings) },
    })
    eachLine(child.stderr, (line) => this.#say(`  application: ${line}`))
    this.#child = child
    this.#ended = once(child, 'close')
  }

  /** What its log says until now. */
  get acknowledged(): number {
    return existsSync(this.#settings.log) ? readLog(this.#settings.log).acknowledged.length : 0
  }

  async kill9(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** Lets it finish: everything it has written is delivered. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#child?.kill('SIGTERM')
    await this.#ended
  }

  /** Throws HF-X001 when it died by itself. */
  mustRun(): void {
    if (this.#stopping || this.#child === null || this.#child.exitCode === null) return
    throw new HyperferryError('HF-X001', { what: `the demo's application ended by itself (${this.#child.exitCode})` })
  }

  #nextNumber(): number {
    return existsSync(this.#settings.log) ? readLog(this.#settings.log).last + 1 : 1
  }
}

function eachLine(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  let rest = ''
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') take(line)
  })
  stream?.on('end', () => rest !== '' && take(rest))
}
