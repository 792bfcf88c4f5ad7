// Ourselves, as typed.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { peaks, watched } from '../../test/scale/watched.ts'
import { cpuOf, measure } from '../measure.ts'
import type { Measured } from '../measure.ts'

/** The built command; `npm run build` makes it. */
const program = fileURLToPath(new URL('../../packages/hyperferry/bin/hyperferry.js', import.meta.url))

export interface Move {
  /** URL as hyperferry takes it. */
  source: string
  target: string
  /** A folder for the plan. */
  folder: string
  servers: readonly number[]
}

/** Makes the plan: with columnstore or without. Not timed. */
export async function planMove(move: Move, columnstore: boolean): Promise<void> {
  await type(move, [
    'plan',
    '--force',
    '--source',
    '${HYPERFERRY_SOURCE}',
    '--target',
    '${HYPERFERRY_TARGET}',
    '--name',
    'bench',
  ])
  editPlan(move, (plan) => {
    if (!columnstore) plan.deleteIn(['tables', 'metric', 'columnstore'])
    else if (!plan.hasIn(['tables', 'metric', 'columnstore'])) throw new Error('the plan proposes no columnstore')
  })
}

export function editPlan({ folder }: Move, change: (plan: Document) => void): void {
  const file = join(folder, 'hyperferry.yaml')
  const plan = parseDocument(readFileSync(file, 'utf8'))
  change(plan)
  writeFileSync(file, plan.toString())
}

/** One command of the line. */
export function type(move: Move, words: readonly string[]): Promise<Measured> {
  return measure([process.execPath, program, ...words], { cwd: move.folder, env: urls(move), servers: move.servers })
}

/** The history of table `metric` is copied; its memory is looked at four times a second. */
export async function watchBackfill(move: Move, words: readonly string[] = []): Promise<Backfilled> {
  const spent = (): number => move.servers.reduce((sum, pid) => sum + cpuOf(pid), 0)
  const before = spent()
  const started = performance.now()
  const args = ['backfill', '--yes', '--json', ...words]
  const run = await watched(args, { cwd: move.folder, env: urls(move), everyMs: 250, program })
  const seconds = (performance.now() - started) / 1000
  const said = JSON.parse(run.stdout) as { rows: number; seconds: number }
  const [, second = Number.NaN, , last = Number.NaN] = peaks(run, 4)
  const { peakMb, cpuSeconds } = run
  return {
    rows: said.rows,
    seconds,
    stepSeconds: said.seconds,
    cpuSeconds,
    serverCpuSeconds: spent() - before,
    peakMb,
    growth: last / second,
  }
}

export interface Backfilled {
  rows: number
  /** Of the whole process. */
  seconds: number
  /** Of the step alone, by its own word: without the start of the process and what opens both databases. */
  stepSeconds: number
  /** Of the process, but for its last moment. */
  cpuSeconds: number
  /** Of the servers meanwhile. */
  serverCpuSeconds: number
  peakMb: number
  /** The most memory of the last quarter of the time by that of the second one. */
  growth: number
}

function urls({ source, target }: Move): Record<string, string> {
  return { HYPERFERRY_SOURCE: source, HYPERFERRY_TARGET: target }
}

/** `hyperferry copy` of a CSV file into table `metric`. */
export function copyCsv(
  target: string,
  file: string,
  words: readonly string[],
  servers: readonly number[],
): Promise<Measured> {
  const flags = ['--connection', target, '--table', 'metric', '--file', file, '--skip-header', '--yes']
  return measure([process.execPath, program, 'copy', ...flags, ...words], { servers })
}
