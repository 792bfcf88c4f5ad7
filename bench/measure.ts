// Wall time, CPU and peak memory of one process by GNU time, and the CPU that servers spent meanwhile.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Measured {
  seconds: number
  /** Of the client. */
  cpuSeconds: number
  /** Of the servers while the client ran. */
  serverCpuSeconds: number
  peakMb: number
}

/** Runs a command to its end; throws with its output when it fails. `servers` are process ids. */
export async function measure(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; servers?: readonly number[] },
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-bench-'))
  const file = join(folder, 'time')
  const spent = (): number => (options.servers ?? []).reduce((sum, pid) => sum + cpuOf(pid), 0)
  const before = spent()
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
  return { seconds, cpuSeconds: user + system, serverCpuSeconds: spent() - before, peakMb: kilobytes / 1024 }
}

/** One after the other, as one. */
export function total(all: readonly Measured[]): Measured {
  const sum = (field: 'seconds' | 'cpuSeconds' | 'serverCpuSeconds'): number =>
    all.reduce((so, one) => so + one[field], 0)
  return {
    seconds: sum('seconds'),
    cpuSeconds: sum('cpuSeconds'),
    serverCpuSeconds: sum('serverCpuSeconds'),
    peakMb: Math.max(...all.map(({ peakMb }) => peakMb)),
  }
}

/** Seconds of a process, of its children that live and of those that have ended. */
export function cpuOf(pid: number): number {
  let ticks = ticksOf(pid)
  for (const child of childrenOf(pid)) ticks += ticksOf(child)
  return ticks / 100
}

export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    } catch {
      return []
    }
  })
}

/** utime, stime, cutime and cstime; the name of the program may hold blanks. */
function ticksOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  } catch {
    return 0
  }
}
