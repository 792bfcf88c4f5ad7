// `npm run demo:offline`: a SQLite plant moves into an embedded PostgreSQL. Types the real commands and shows what they print; kills the copy once on the way.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServer } from '../../test/servers/start.ts'
import { makePlant } from '../../packages/hyperferry/src/demo/plant.ts'

const { values } = parseArgs({
  options: { target: { type: 'string' }, keep: { type: 'boolean' }, rows: { type: 'string', default: '300000' } },
})
const folder = mkdtempSync(join(tmpdir(), 'hyperferry-demo-'))
const say = (text: string): void => void process.stdout.write(`${text}\n`)

process.exitCode = await demo().finally(() => {
  if (values.keep) say(`Kept: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
})

async function demo(): Promise<number> {
  say(`\n  A plant's database: sites, devices, ${values.rows} readings and an event log, in SQLite.`)
  makePlant(join(folder, 'plant.db'), Number(values.rows), { end: Date.UTC(2024, 1, 1), sins: true })
  if (values.target !== undefined) return line(values.target)
  await using server = await startServer('pg17')
  say('  The target: an embedded PostgreSQL 17, empty. (--target URL takes yours, with TimescaleDB for hypertables.)')
  // await: the server must outlive the line.
  return await line(server.url)
}

async function line(target: string): Promise<number> {
  const source = `sqlite:${join(folder, 'plant.db')}`
  const env = { HYPERFERRY_SOURCE: source, HYPERFERRY_TARGET: target }
  const steps: [string, string[], Record<string, string>, number[]][] = [
    ['Look at the values and propose a plan', ['plan', '--full'], {}, [0]],
    [
      'Begin the move; the process is killed (-9) in the middle of the copy',
      ['run', '--offline', '--yes', '--accept-quarantine', '2'],
      { HYPERFERRY_FAILPOINT: 'backfill.mid-copy:2' },
      [137],
    ],
    [
      'The same command again: it goes on where the receipts end, and proves',
      ['run', '--offline', '--yes', '--accept-quarantine', '2'],
      {},
      [0],
    ],
    ['What was kept back, and why', ['quarantine', 'list'], {}, [0]],
    ['The evidence', ['report', '--out', 'plant.md'], {}, [0]],
  ]
  for (const [why, args, extra, wanted] of steps) {
    say(`\n# ${why}\n$ hyperferry ${args.join(' ')}`)
    const exitCode = await type(args, { ...env, ...extra })
    if (!wanted.includes(exitCode)) {
      say(`\nThe demo failed: exit code ${exitCode}, expected ${wanted.join(' or ')}.`)
      return 1
    }
  }
  say('\nDone: killed once, nothing lost, nothing doubled, two rows without a time named and kept.')
  return 0
}

/** Runs one command with this terminal; answers the exit code, 137 when it was killed. */
function type(args: string[], env: Record<string, string>): Promise<number> {
  const program = fileURLToPath(new URL('../../packages/hyperferry/bin/hyperferry.js', import.meta.url))
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(signal === 'SIGKILL' ? 137 : (code ?? 1)))
  })
}
