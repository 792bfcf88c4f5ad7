// The processes that write.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Write } from './latency.ts'
import type { WriterSettings } from './writer-child.ts'

const child = fileURLToPath(new URL('writer-child.ts', import.meta.url))

export interface Writers {
  pids: readonly number[]
  /** Lets them deliver what waits; all that they wrote. Throws what they complained of. */
  stop(): Promise<Write[]>
  /** For a run that failed. */
  kill(): void
}

/** They write when this resolves. */
export async function startWriters(all: readonly WriterSettings[]): Promise<Writers> {
  const started = all.map(startWriter)
  const kill = (): void => started.forEach((one) => one.process.kill('SIGKILL'))
  try {
    await Promise.all(started.map(({ ready }) => ready))
  } catch (error) {
    kill()
    throw error
  }
  return {
    pids: started.map((one) => one.process.pid ?? 0),
    kill,
    async stop() {
      for (const one of started) one.process.kill('SIGTERM')
      return (await Promise.all(started.map(({ ended }) => ended))).flat()
    },
  }
}

function startWriter(settings: WriterSettings) {
  const writer = spawn(process.execPath, [child], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BENCH_WRITER: JSON.stringify(settings) },
  })
  let [stdout, stderr] = ['', '']
  writer.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  writer.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  const ended = once(writer, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`writer ${settings.number} ended with ${String(code)}: ${stderr}`)
    return JSON.parse(stdout.slice(READY.length)) as Write[]
  })
  // Heard by whoever stops them.
  ended.catch(() => {})
  return { process: writer, ready: Promise.race([once(writer.stdout, 'data'), ended]), ended }
}

const READY = 'ready\n'
