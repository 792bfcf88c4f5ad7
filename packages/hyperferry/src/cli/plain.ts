/** Progress without a terminal: whole lines, no escape codes. */
import { count, rows as many } from './format.ts'
import { pausedText } from './paused-text.ts'
import { workersText } from './workers-text.ts'
import type { View } from './view.ts'

const INTERVAL_MS = 10_000

/** One line per table and interval; a pause is told when it begins, when its reasons change, each interval, and when it is over; workers that come and go to spare the application are told when they do. */
export function plain(stderr: Pick<NodeJS.WriteStream, 'write'>): View {
  const last = new Map<string, number>()
  let told = { codes: '', at: 0 }
  let workers: number | null = null
  const say = (line: string) => void stderr.write(`${line}\n`)
  return {
    say,
    update(table, rows, total, note) {
      const now = performance.now()
      if (now - (last.get(table) ?? 0) < INTERVAL_MS && last.has(table)) return
      last.set(table, now)
      if (rows === 0) return
      say(`  ${table}: ${count(rows)} of about ${count(Math.max(total, rows))} rows   ${note}`)
    },
    done: (table, rows) => say(`  ${table}: ${many(rows)}, done`),
    pace(state) {
      if (state !== null && state.reasons.length === 0 && state.workers !== workers) {
        if (state.spared !== null || workers !== null) say(`  ${workersText(state)}`)
        workers = state.workers
      }
      const codes = (state?.reasons ?? []).map(({ code }) => code).join(' ')
      const at = performance.now()
      if (codes === told.codes && (codes === '' || at - told.at < INTERVAL_MS)) return
      if (state !== null) say(`  ${codes === '' ? 'goes on' : pausedText(state)}`)
      told = { codes, at }
    },
    close() {},
  }
}
