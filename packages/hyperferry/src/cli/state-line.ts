/** The line under the bars: why it waits or how many work, and which keys there are. */
import type { PaceState } from '../index-copy.ts'
import { pausedText } from './paused-text.ts'
import { workersText } from './workers-text.ts'

/** At most `room` characters; where they do not suffice the reason is cut (key l shows all of it) and the keys are fewer. */
export function stateLine(state: PaceState | null, room: number): string {
  if (state === null) return ''
  const paused = pausedText(state)
  const what = paused === '' ? workersText(state) : paused
  const p = paused === '' ? 'p pause' : 'p resume'
  const whole = `${what}   ${p} · w workers · l limits · q stop (resumable)`
  if (whole.length <= room) return whole
  const keys = `${p} · l limits · q stop`
  const left = Math.max(0, room - keys.length - 3)
  return `${what.length <= left ? what : `${what.slice(0, Math.max(0, left - 1))}…`}   ${keys}`
}
