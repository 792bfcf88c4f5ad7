// Wall time, CPU and peak memory of one process, by GNU time.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Measured {
  seconds: number
  cpuSeconds: number
  peakMb: number
}

/** Runs a command to its end; throws with its output when it fails. */
export async function measure(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string> },
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-bench-'))
  const file = join(folder, 'time')
  const started = performance.now()
  const child = spawn('/usr/bin/time', ['-f', '%U %S %M', '-o', file, ...command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const seconds = (performance.now() - started) / 1000
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output.slice(-2000)}`)
  const [user = 0, system = 0, kilobytes = 0] =
    readFileSync(file, 'utf8').trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
  rmSync(folder, { recursive: true })
  return { seconds, cpuSeconds: user + system, peakMb: kilobytes / 1024 }
}
