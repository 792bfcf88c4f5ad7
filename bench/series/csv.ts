// The series as a CSV file with a header line.
import { closeSync, openSync, writeSync } from 'node:fs'
import { columns, STEP, walk } from './series.ts'
import type { Series } from './series.ts'

/** Writes the file and tells its bytes. */
export function writeCsv(file: string, series: Series): number {
  const { rows, shape } = series
  const to = openSync(file, 'w')
  const step = walk(series)
  let bytes = 0
  let text = `${columns[shape].map(({ name }) => name).join(',')}\n`
  const flush = (): void => {
    bytes += writeSync(to, text)
    text = ''
  }
  for (let n = 0, seq = 0; n < rows; n += 1, seq = (seq + step) % rows) {
    text += line(seq, series)
    if (text.length > 1_000_000) flush()
  }
  flush()
  closeSync(to)
  return bytes
}

function line(seq: number, { shape, devices }: Series): string {
  const device = seq % devices
  const head = `${device},${instant(Math.floor(seq / devices) * STEP + device)},${seq},${Math.sin(seq) * 40}`
  if (shape === 'narrow') return `${head}\n`
  const errors = seq % 10 === 0 ? '' : seq % 13
  const price = ((seq % 100_000) / 100).toFixed(2)
  const note = seq % 100 === 0 ? 'checked' : ''
  return `${head},${seq / 7},${1000 + Math.cos(seq)},${Math.fround(seq / 3)},${seq % 100},${errors},${seq % 2},${price},device-${device},${note}\n`
}

/** Microseconds since 2024-01-01 as an instant; within the first hundred days. */
function instant(micros: number): string {
  const seconds = Math.floor(micros / 1e6)
  const two = (value: number): string => String(value).padStart(2, '0')
  let day = Math.floor(seconds / 86_400)
  let month = 0
  for (const days of [31, 29, 31]) {
    if (day < days) break
    day -= days
    month += 1
  }
  const fraction = String(micros % 1e6).padStart(6, '0')
  return `2024-${two(month + 1)}-${two(day + 1)} ${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${fraction}+00`
}
