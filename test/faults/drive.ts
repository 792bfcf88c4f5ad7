// Runs steps of a migration as the program does, in this process or in one of its own that can be killed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { access } from 'node:fs/promises'
import { firstDifference, planHash } from '../../packages/hyperferry/src/config/plan-hash.ts'
import { installControl } from '../../packages/hyperferry/src/control/install.ts'
import { withMigrationLock } from '../../packages/hyperferry/src/control/lock.ts'
import { claimMigration } from '../../packages/hyperferry/src/control/migration-row.ts'
import type { Failpoint } from '../../packages/hyperferry/src/failpoints.ts'
import type { Json, Plan } from '../../packages/hyperferry/src/model.ts'
import { openSource } from '../../packages/hyperferry/src/source/registry.ts'
import { completionPoints } from '../../packages/hyperferry/src/control/completion.ts'
import type { ExportOptions, ExportPoint, ExportResult } from '../../packages/hyperferry/src/steps/export.ts'
import { exportTables } from '../../packages/hyperferry/src/steps/export.ts'
import { qualified } from '../../packages/hyperferry/src/target/sql.ts'
import { remember } from '../../packages/hyperferry/src/work/replace-task.ts'
import type { BackfillResult } from '../../packages/hyperferry/src/steps/backfill.ts'
import { backfill } from '../../packages/hyperferry/src/steps/backfill.ts'
import type { StepContext } from '../../packages/hyperferry/src/steps/context.ts'
import type { RelationalResult } from '../../packages/hyperferry/src/steps/relational.ts'
import { relational } from '../../packages/hyperferry/src/steps/relational.ts'
import { applyDdl } from '../../packages/hyperferry/src/target/apply.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import { planDdl } from '../../packages/hyperferry/src/target/ddl.ts'
import { mutate } from './mutants.ts'
import type { Mutant } from './mutants.ts'

export interface Drive {
  sourceUrl: string
  targetUrl: string
  plan: Plan
  /** Default: schema, relational, backfill. */
  steps?: ('schema' | 'export' | 'relational' | 'backfill')[]
  /** Of step `export`. */
  export?: ExportOptions
  /** Load exported files instead of reading the source. */
  fromCsv?: string
  workers?: number
  taskRows?: number
  acceptQuarantine?: number
  /** Time series to copy; default all. */
  tables?: string[]
  /** Work without the advisory lock, as a second tool would that does not know it. */
  unlocked?: boolean
  /** Bytes in memory; 0 sends all rows through the disk. */
  memory?: number
  /** Wait until this file exists, so that several start together. */
  startAt?: string
  /** Work space of a process of its own. */
  tmpdir?: string
  /** Failures in a row that are forgiven; default 60. */
  attempts?: number
  mutant?: Mutant
}

export interface Driven {
  export?: ExportResult
  relational?: RelationalResult
  backfill?: BackfillResult
  retries: string[]
}

/** What a process of its own cannot be given. */
export interface Hands {
  signal?: AbortSignal
  hardSignal?: AbortSignal
  /** Rows of a table so far. */
  watch?: (rows: number) => void
  /** Puts something between the tool and its databases. */
  change?: (ctx: StepContext) => StepContext
}

/** Runs the steps here. */
export async function drive(options: Drive, hands: Hands = {}): Promise<Driven> {
  const signal = hands.hardSignal ?? new AbortController().signal
  const workers = options.workers ?? options.plan.backfill.workers
  const plan = { ...options.plan, backfill: { workers, taskRows: options.taskRows ?? options.plan.backfill.taskRows } }
  const target = await openTarget(options.targetUrl, { connections: workers + 1, signal })
  try {
    const source = await openSource(options.sourceUrl, { timezone: 'UTC', connections: workers + 1, signal })
    try {
      if (options.startAt !== undefined) await together(options.startAt)
      const work = async (): Promise<Driven> => {
        const driven: Driven = { retries: [] }
        const events: StepContext['events'] = {
          emit(event) {
            if (event.kind === 'retry') driven.retries.push(event.code)
            if (event.kind === 'table-progress') hands.watch?.(event.rows)
          },
        }
        const steps = options.steps ?? ['schema', 'relational', 'backfill']
        const session = await target.session()
        let migrationId: number
        try {
          await installControl(session)
          ;({ migrationId } = await claimMigration(session, {
            name: plan.migration,
            planHash: planHash(plan),
            planJson: structuredClone(plan) as unknown as Json,
            source: source.info,
            targetIdentity: target.info.identity,
            tool: 'test',
            firstDifference: (stored) => firstDifference(stored as unknown as Plan, plan),
          }))
          if (steps.includes('schema')) {
            const statements = planDdl(plan, target.capabilities).filter(({ phase }) => phase === 'pre')
            await applyDdl(session, statements)
          }
        } finally {
          await session.release()
        }
        const real = mutate(options.mutant, {
          plan,
          source,
          target,
          events,
          signal: hands.signal ?? signal,
          hardSignal: signal,
          migrationId,
        })
        const ctx = hands.change?.(real) ?? real
        const accept = {
          acceptQuarantine: options.acceptQuarantine ?? 0,
          retry: { ...RETRY, attempts: options.attempts ?? RETRY.attempts },
          ...(options.memory === undefined ? {} : { memory: options.memory }),
        }
        if (steps.includes('export') && options.export !== undefined) {
          const points = options.export.to === 'T' ? await pointsOf(ctx) : new Map<string, ExportPoint>()
          driven.export = await exportTables({ ...ctx, points }, { ...accept, ...options.export })
        }
        if (steps.includes('relational')) driven.relational = await relational(ctx, accept)
        if (steps.includes('backfill')) {
          driven.backfill = await backfill(ctx, {
            ...accept,
            ...(options.tables ? { tables: options.tables } : {}),
            ...(options.fromCsv === undefined ? {} : { fromCsv: options.fromCsv }),
          })
        }
        return driven
      }
      return options.unlocked ? await work() : await withMigrationLock(target, plan.migration, work)
    } finally {
      await source.close()
    }
  } finally {
    await target.close()
  }
}

/** As the command does it. */
async function pointsOf({ plan, target, migrationId, events }: StepContext): Promise<Map<string, ExportPoint>> {
  const session = await target.session()
  try {
    const points = new Map<string, ExportPoint>()
    for (const [source, point] of await completionPoints(session, migrationId)) {
      const table = plan.tables.find((each) => each.source === source)
      if (table === undefined) continue
      const work = { table, target: qualified(plan.target.schema, table.name) }
      points.set(source, { ...point, lateSince: await remember({ events, stop: undefined }, session, work) })
    }
    return points
  } finally {
    await session.release()
  }
}

const RETRY = { attempts: 60, firstMs: 20, longestMs: 500 }

interface Ended {
  signal: NodeJS.Signals | null
  code: number | null
  driven: Driven | null
  /** Code of the error it ended with. */
  error: string | null
  output: string
}

/** A process of its own that runs the steps. */
export interface Child {
  ended: Promise<Ended>
  /** Resolves when it waits for `startAt`. */
  ready: Promise<void>
  kill(): void
}

/** Starts the steps in a process that dies when it passes `failpoint` for the `times`-th time. */
export function driveApart(options: Drive, failpoint?: Failpoint | `${Failpoint}:${number}`): Child {
  const env = {
    ...process.env,
    HYPERFERRY_FAILPOINT: failpoint ?? '',
    NODE_OPTIONS: '',
    ...(options.tmpdir && { TMPDIR: options.tmpdir }),
  }
  const child = spawn(process.execPath, [import.meta.filename], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  let problems = ''
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.startsWith('ready\n')) resolve()
    })
    child.once('close', () => resolve())
  })
  child.stderr.on('data', (chunk: Buffer) => (problems += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(JSON.stringify(options))
  const ended = once(child, 'close').then(([code, signal]: unknown[]): Ended => {
    const last = output.trim().split('\n').at(-1) ?? ''
    const said = last.startsWith('{') ? (JSON.parse(last) as { driven?: Driven; error?: string }) : {}
    return {
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      driven: said.driven ?? null,
      error: said.error ?? null,
      output: `${output}\n${problems}`,
    }
  })
  return { ended, ready, kill: () => void child.kill('SIGKILL') }
}

/** Says that it is ready, and waits for the word. */
async function together(file: string): Promise<void> {
  process.stdout.write('ready\n')
  while (
    !(await access(file).then(
      () => true,
      () => false,
    ))
  )
    await sleep(5)
}

if (import.meta.main) {
  let text = ''
  for await (const chunk of process.stdin) text += String(chunk)
  const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
  try {
    say({ driven: await drive(JSON.parse(text) as Drive) })
  } catch (error) {
    const { code, message, exitCode } = error as { code?: string; message: string; exitCode?: number }
    say({ error: code ?? 'unknown', message })
    process.stderr.write(`${String((error as Error).stack)}\n`)
    process.exitCode = exitCode ?? 1
  }
}
