// A backfill that takes a few seconds, in a process of its own, to be paused and steered from others.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { makePlanFile, schema } from '../../packages/hyperferry/src/index.ts'
import { hyperferry } from '../helpers/hyperferry.ts'
import type { Ran } from '../helpers/hyperferry.ts'
import { freshMysql, freshPg } from '../servers/database.ts'
import type { FreshMysql } from '../servers/database.ts'

export const ROWS = 120_000

interface Running {
  child: ChildProcess
  /** Everything on its stderr (or its terminal) so far. */
  said(): string
  /** Resolves when that matches. */
  says(pattern: RegExp): Promise<void>
  ended: Promise<number | NodeJS.Signals | null>
}

export interface World {
  source: FreshMysql
  cwd: string
  admin: mysql.Connection
  target: pg.Client
  /** For functions of the library, called in the test's own process: it is another one than that of the backfill. */
  plan: { planFile: string; env: Record<string, string> }
  /** Types a command and waits for its end. */
  type(...args: string[]): Promise<Ran>
  /** Starts a command. */
  start(...args: string[]): Running
  /** The same on a terminal. */
  startOnTerminal(command: string): Running
  copied(): Promise<number>
  /** Puts other words into the plan. */
  edit(from: string, to: string): void
}

/** A plan whose schema is made: tasks of 100 rows, one worker, so that a word is heard before it is done. */
export async function paceWorld(): Promise<World> {
  const cwd = mkdtempSync(join(tmpdir(), 'hyperferry-pace-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  const source = await freshMysql('mariadb')
  const admin = await mysql.createConnection(source.adminUrl.replace(/^mariadb/, 'mysql'))
  await admin.query('create table reading (id bigint primary key, ts datetime(3) not null, value double, key (ts))')
  await admin.query(
    `insert into reading select seq, timestamp '2024-01-01 00:00:00' + interval seq second, seq / 7 from seq_1_to_${ROWS}`,
  )
  const { url, superUrl } = await freshPg('pg17')
  const target = new pg.Client({ connectionString: superUrl })
  target.on('error', () => {})
  await target.connect()
  onTestFinished(async () => {
    await admin.end()
    await target.end()
  })
  const env = { HYPERFERRY_SOURCE: source.url, HYPERFERRY_TARGET: url }
  const type = (...args: string[]): Promise<Ran> => hyperferry(args, { cwd, env })
  const edit = (from: string, to: string): void => {
    const file = join(cwd, 'hyperferry.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  }
  const planFile = join(cwd, 'hyperferry.yaml')
  const plan = { planFile, env }
  await makePlanFile({ source: '${HYPERFERRY_SOURCE}', target: '${HYPERFERRY_TARGET}', out: planFile, env })
  await schema(plan)
  edit('workers: 4, taskRows: 200000', 'workers: 1, taskRows: 100')
  const script = fileURLToPath(new URL('../helpers/cli.ts', import.meta.url))
  const run = (program: string, args: readonly string[]): Running =>
    watched(
      spawn(program, args, {
        cwd,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm', ...env },
      }),
    )
  return {
    source,
    cwd,
    plan,
    admin,
    target,
    type,
    edit,
    start: (...args) => run(process.execPath, [script, ...args]),
    startOnTerminal: (command) =>
      run('script', ['-qfec', command.replaceAll('hyperferry', `${process.execPath} ${script}`), '/dev/null']),
    async copied() {
      const { rows } = await target.query<{ n: string }>('select count(*) as n from public.reading')
      return Number(rows[0]?.n)
    },
  }
}

function watched(child: ChildProcess): Running {
  let text = ''
  let heard = (): void => {}
  const listen = (chunk: Buffer): void => {
    text += chunk.toString()
    heard()
  }
  child.stderr?.on('data', listen)
  child.stdout?.on('data', listen)
  child.stdin?.on('error', () => {})
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  )
  return {
    child,
    said: () => text,
    says: (pattern) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`never said ${pattern}:\n${text}`)), 60_000)
        heard = () => {
          if (!pattern.test(text)) return
          clearTimeout(late)
          resolve()
        }
        heard()
        void ended.then(() => reject(new Error(`ended without saying ${pattern}:\n${text}`)))
      }),
    ended,
  }
}
