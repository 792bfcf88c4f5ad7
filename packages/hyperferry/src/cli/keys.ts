/** Keys while a backfill runs on a terminal: what they want goes to the backfill, what they ask is said. */
import { reasonText } from '../index-copy.ts'
import type { PaceOrder, PaceState } from '../index-copy.ts'
import { workersText } from './workers-text.ts'

/** The part of a terminal that is needed. */
export interface Keyboard {
  isTTY?: boolean
  setRawMode(raw: boolean): unknown
  resume(): unknown
  pause(): unknown
  on(event: 'data', listener: (chunk: Buffer | string) => void): unknown
  off(event: 'data', listener: (chunk: Buffer | string) => void): unknown
}

export interface KeyHands {
  order: (order: PaceOrder) => void
  say: (line: string) => void
  /** What the system does with a key in the usual mode: SIGINT, SIGTSTP. */
  signal: (signal: 'SIGINT' | 'SIGTSTP') => void
}

/** Listens from the first state of a backfill until it is over. The terminal's usual mode is restored on every way out. */
export class Keys {
  readonly #keyboard: Keyboard
  readonly #hands: KeyHands
  #state: PaceState | null = null
  #on = false

  constructor(keyboard: Keyboard, hands: KeyHands) {
    this.#keyboard = keyboard
    this.#hands = hands
  }

  /** null: nothing is at work that hears keys. */
  pace(state: PaceState | null): void {
    this.#state = state
    if (state === null) this.close()
    else this.#listen()
  }

  close(): void {
    if (!this.#on) return
    this.#on = false
    this.#keyboard.off('data', this.#onData)
    this.#keyboard.setRawMode(false)
    // Else the process would wait for more keys.
    this.#keyboard.pause()
    process.off('exit', this.#onExit)
    process.off('SIGHUP', this.#onHangup)
    process.off('SIGCONT', this.#onContinue)
  }

  #listen(): void {
    if (this.#on || this.#keyboard.isTTY !== true) return
    this.#on = true
    this.#keyboard.setRawMode(true)
    this.#keyboard.resume()
    this.#keyboard.on('data', this.#onData)
    process.on('exit', this.#onExit)
    process.on('SIGHUP', this.#onHangup)
    process.on('SIGCONT', this.#onContinue)
  }

  readonly #onExit = (): void => this.close()

  readonly #onHangup = (): void => {
    this.close()
    process.kill(process.pid, 'SIGHUP')
  }

  /** The shell has set the terminal as it likes it. */
  readonly #onContinue = (): void => void (this.#on && this.#keyboard.setRawMode(true))

  readonly #onData = (chunk: Buffer | string): void => {
    const text = String(chunk)
    // Arrows and the like are no letters.
    if (text.startsWith('\x1b')) return
    for (const key of text) this.#press(key)
  }

  #press(key: string): void {
    const { order, say, signal } = this.#hands
    switch (key) {
      case '\x03':
      case 'q':
        return signal('SIGINT')
      case '\x1a':
        this.#keyboard.setRawMode(false)
        return signal('SIGTSTP')
      case 'p':
        return order('pause or resume')
      case '+':
        return order('more workers')
      case '-':
        return order('fewer workers')
      case 'w':
        return say(`  ${this.#state === null ? '? workers' : workersText(this.#state)}: + one more, - one fewer`)
      case 'l':
        for (const line of limitLines(this.#state)) say(line)
        break
      default:
    }
  }
}

/** Every limit as it stands, and how to change it. */
function limitLines(state: PaceState | null): string[] {
  if (state === null) return []
  const limits = state.limits.map(({ code, now, limit, resumesBelow }) => {
    const held = state.reasons.some((reason) => reason.code === code)
    return `  ${held ? '✖' : '✔'} ${code}  ${now} of ${limit}${held ? `, resumes below ${resumesBelow}` : ''}`
  })
  const others = state.reasons.filter(({ code }) => code === 'pause' || code === 'window')
  return [
    ...others.map((reason) => `  ✖ ${reason.code}  ${reasonText(reason)}`),
    ...(state.window === null ? [] : [`  window ${state.window}`]),
    ...(limits.length === 0 ? ['  no limits are set'] : limits),
    ...(state.spared === null ? [] : [`  ${workersText(state)}`]),
    '  from another terminal: hyperferry backfill set --pause-when name=value --window 22:00-06:00',
  ]
}
