// Ourselves, as typed.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument } from 'yaml'
import { measure } from '../measure.ts'
import type { Measured } from '../measure.ts'

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
  const file = join(move.folder, 'hyperferry.yaml')
  const plan = parseDocument(readFileSync(file, 'utf8'))
  if (!columnstore) plan.deleteIn(['tables', 'metric', 'columnstore'])
  else if (!plan.hasIn(['tables', 'metric', 'columnstore'])) throw new Error('the plan proposes no columnstore')
  writeFileSync(file, plan.toString())
}

/** One command of the line. */
export function type({ source, target, folder, servers }: Move, words: readonly string[]): Promise<Measured> {
  const env = { HYPERFERRY_SOURCE: source, HYPERFERRY_TARGET: target }
  return measure([process.execPath, program, ...words], { cwd: folder, env, servers })
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
