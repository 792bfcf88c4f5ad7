// The command line in a process of its own whose resident memory is watched.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cpuOf } from '../../bench/measure.ts'

export interface Watched {
  /** Resident memory in MB, in order of time, equally far apart. */
  samples: number[]
  /** The largest resident memory the kernel ever saw, in MB. */
  peakMb: number
  /** What it had used when it was last looked at. */
  cpuSeconds: number
  stdout: string
}

export interface WatchOptions {
  cwd: string
  env: Record<string, string>
  /** Time between two samples. Default 200. */
  everyMs?: number
  /** What is run as `hyperferry`. Default the sources. */
  program?: string
}

const MB = 2 ** 20
const script = fileURLToPath(new URL('../helpers/cli.ts', import.meta.url))

/** Runs `hyperferry ...args`; throws with its output when it fails. */
export async function watched(
  args: readonly string[],
  { cwd, env, everyMs = 200, program = script }: WatchOptions,
): Promise<Watched> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const samples: number[] = []
  let peakMb = 0
  let cpuSeconds = 0
  const timer = setInterval(() => {
    const memory = memoryOf(child.pid)
    if (memory === null || child.pid === undefined) return
    samples.push(memory.now)
    peakMb = Math.max(peakMb, memory.peak)
    cpuSeconds = Math.max(cpuSeconds, cpuOf(child.pid))
  }, everyMs)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearInterval(timer)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${`${stdout}${stderr}`.slice(-2000)}`)
  return { samples, peakMb, cpuSeconds, stdout }
}

/** Largest sample of each third of the run. */
export function thirds(run: Pick<Watched, 'samples'>): [number, number, number] {
  const [first = 0, middle = 0, last = 0] = peaks(run, 3)
  return [first, middle, last]
}

/** Largest sample of each of so many parts of the run. */
export function peaks({ samples }: Pick<Watched, 'samples'>, parts: number): number[] {
  const limit = (part: number): number => Math.floor((samples.length * part) / parts)
  return Array.from({ length: parts }, (_, part) => Math.max(...samples.slice(limit(part), limit(part + 1))))
}

/** null once the process is gone. */
function memoryOf(pid: number | undefined): { now: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
    const [now, peak] = [kilobytes('VmRSS'), kilobytes('VmHWM')]
    return Number.isNaN(now) || Number.isNaN(peak) ? null : { now: (now * 1024) / MB, peak: (peak * 1024) / MB }
  } catch {
    return null
  }
}
