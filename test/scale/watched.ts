// The command line in a process of its own whose resident memory is watched.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Watched {
  /** Resident memory in MB, in order of time, equally far apart. */
  samples: number[]
  /** The largest resident memory the kernel ever saw, in MB. */
  peakMb: number
}

const MB = 2 ** 20
const script = fileURLToPath(new URL('../helpers/cli.ts', import.meta.url))

/** Runs `hyperferry ...args`; throws with its output when it fails. `everyMs` is the time between two samples. */
export async function watched(
  args: readonly string[],
  { cwd, env, everyMs = 200 }: { cwd: string; env: Record<string, string>; everyMs?: number },
): Promise<Watched> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const samples: number[] = []
  let peakMb = 0
  const timer = setInterval(() => {
    const memory = memoryOf(child.pid)
    if (memory === null) return
    samples.push(memory.now)
    peakMb = Math.max(peakMb, memory.peak)
  }, everyMs)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearInterval(timer)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${output.slice(-2000)}`)
  return { samples, peakMb }
}

/** Largest sample of each third of the run. */
export function thirds({ samples }: Watched): [number, number, number] {
  const part = (index: number): number =>
    Math.max(...samples.slice(Math.floor((samples.length * index) / 3), Math.floor((samples.length * (index + 1)) / 3)))
  return [part(0), part(1), part(2)]
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
