// Figures outlive the terminal: each run leaves a file.
import { mkdirSync, writeFileSync } from 'node:fs'

/** Writes `results/<day>-<name>.json`; returns what to say of it. */
export function keep(name: string, content: object): string {
  const folder = new URL('results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = `${new Date().toISOString().slice(0, 10)}-${name}.json`
  writeFileSync(new URL(file, folder), `${JSON.stringify(content, null, 2)}\n`)
  return `kept in bench/results/${file}`
}
