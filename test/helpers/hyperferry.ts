// Types a command as a person or a script would, in a process of its own.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Ran {
  exitCode: number | null
  /** Set when the process was killed, e.g. by a failpoint. */
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** The document of --json. Throws if stdout is not exactly one. */
  readonly json: Record<string, unknown>
}

export interface RunOptions {
  cwd: string
  env?: Record<string, string>
  input?: string
}

/** Runs `hyperferry ...args`; resolves however it ends. */
export async function hyperferry(args: readonly string[], options: RunOptions): Promise<Ran> {
  const script = fileURLToPath(new URL('cli.ts', import.meta.url))
  const child = spawn(process.execPath, [script, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  child.stdin.end(options.input ?? '')
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, killedBy) => resolve([code, killedBy]))
  })
  return {
    exitCode,
    signal,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout) as Record<string, unknown>
    },
  }
}
