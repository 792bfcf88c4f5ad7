/** Progress on a terminal: a bar for the table at work, and under it why it waits and which keys there are. */
import { MultiBar, Presets } from 'cli-progress'
import type { SingleBar } from 'cli-progress'
import type { PaceState } from '../index-copy.ts'
import { rows as many } from './format.ts'
import { stateLine } from './state-line.ts'
import type { View } from './view.ts'

/** Before the line of state. */
const MARGIN = 2

interface Shown {
  table: { name: string; rows: number; total: number; note: string } | null
  pace: PaceState | null
}

/** A table that is done leaves a line. */
export function bars(stderr: NodeJS.WriteStream): View {
  const shown: Shown = { table: null, pace: null }
  let drawn: { multi: MultiBar; bar: SingleBar | null; state: SingleBar | null } | null = null
  const close = (): void => {
    drawn?.multi.stop()
    drawn = null
  }
  // Whatever ends the process, the cursor comes back.
  process.once('exit', close)
  const open = (): void => {
    if (shown.table === null && shown.pace === null) return
    const options = {
      stream: stderr,
      format: '  {table}  {bar}  {percentage} %   {rows}   {note}',
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    }
    const multi = new MultiBar(options, Presets.shades_classic)
    const bar = shown.table === null ? null : multi.create(1, 0, { table: '', rows: '', note: '' })
    const state = shown.pace === null ? null : multi.create(1, 0, { text: '' }, { format: '  {text}' })
    drawn = { multi, bar, state }
    draw()
  }
  const draw = (): void => {
    if (shown.table !== null && drawn?.bar) {
      const { name, rows, total, note } = shown.table
      // Estimates of servers are often low: the bar must not run over.
      drawn.bar.setTotal(Math.max(total, rows, 1))
      drawn.bar.update(rows, { table: name.padEnd(16), rows: many(rows), note })
    }
    drawn?.state?.update(0, { text: stateLine(shown.pace, (stderr.columns || Infinity) - MARGIN) })
  }
  /** Draws, anew when there are more or fewer lines than before. */
  const show = (): void => {
    const same = drawn !== null && (drawn.bar === null) === (shown.table === null)
    if (same && (drawn?.state === null) === (shown.pace === null)) return draw()
    close()
    open()
  }
  return {
    // The bars make room for the line and come back under it.
    say(line) {
      close()
      stderr.write(`${line}\n`)
      open()
    },
    update(table, rows, total, note) {
      if (rows === 0) return
      shown.table = { name: table, rows, total, note }
      show()
    },
    done(table, rows) {
      shown.table = null
      this.say(`  ${table.padEnd(16)}  ${many(rows)}`)
    },
    pace(state) {
      shown.pace = state
      show()
    },
    close() {
      shown.table = null
      shown.pace = null
      close()
      process.off('exit', close)
    },
  }
}
