/** The line: the steps in their order, each as a command of its own, and `run`, which walks it. Nothing else knows the order. */
import { waitingGate } from './control/jobs.ts'
import { occupied } from './control/occupied.ts'
import type { Emptied } from './control/occupied.ts'
import { forgetWorkers } from './control/pacing.ts'
import { HyperferryError } from './errors.ts'
import { besideWriters, filesPreview, pointsBeforehand } from './live/backfill.ts'
import { completionPoint } from './live/completion-point.ts'
import { cutover } from './live/cutover.ts'
import { jobsPause, jobsRestore } from './live/jobs.ts'
import { refresh } from './live/refresh.ts'
import { setStage } from './live/stage.ts'
import type { Check, Gate, Plan, PlannedTable, TableKind } from './model.ts'
import { confirmed, mutate } from './mutate.ts'
import type { MutatingOptions, Previewed } from './mutate.ts'
import { loadPlan, withDatabases, withStarted, withUrls } from './open-migration.ts'
import type { Opened, PlanOptions } from './open-migration.ts'
import { columnstoreLines, emptiedLines, emptiedSql, previewCopy, previewSchema } from './preview.ts'
import type { Preview, SchemaPreview } from './preview.ts'
import { recorded } from './recorded.ts'
import { openQuarantine } from './report/open-quarantine.ts'
import { backfill as backfillStep } from './steps/backfill.ts'
import type { BackfillResult } from './steps/backfill.ts'
import { check as checkStep } from './steps/check.ts'
import type { StepContext } from './steps/context.ts'
import { relational as relationalStep } from './steps/relational.ts'
import type { RelationalResult } from './steps/relational.ts'
import { schema as schemaStep } from './steps/schema.ts'
import type { SchemaResult } from './steps/schema.ts'
import { verify as verifyStep } from './steps/verify.ts'
import type { VerifyDocument, VerifyLevel } from './steps/verify.ts'
import { planDdl } from './target/ddl.ts'
import { missingTables } from './target/tables-present.ts'
import { withSession } from './target/with-session.ts'

export type { MutatingOptions, Previewed } from './mutate.ts'

/** The offline line after the plan. */
export const OFFLINE_STEPS = ['check', 'schema', 'relational', 'backfill', 'verify'] as const
export type OfflineStep = (typeof OFFLINE_STEPS)[number]

export interface CopyOptions extends MutatingOptions {
  /** Rows that may stay in quarantine. Default 0. */
  acceptQuarantine?: number
}
export interface Gated {
  gates: Gate[]
  /** 0, or 4 when a gate is closed. */
  exitCode: number
}

/** Step 1: looks at both databases; those of a plan, or two URLs before there is one. */
export async function check(options: PlanOptions): Promise<{ ok: boolean; checks: Check[] }> {
  const urls = { source: options.source, target: options.target }
  if (urls.source !== undefined && urls.target !== undefined)
    return withUrls({ ...options, source: urls.source, target: urls.target }, (both) =>
      checkStep({ ...both, plan: null }),
    )
  return withDatabases(loadPlan(options), options, ({ plan, source, target }) => checkStep({ source, target, plan }))
}

/** Step 3a: makes the tables. */
export async function schema(options: MutatingOptions): Promise<SchemaResult | Previewed> {
  return mutate(options, {
    preview: schemaPreview,
    run: (context) => recorded(context, 'schema', () => schemaStep(context)),
  })
}

/** Step 3b: copies the relational tables. */
export async function relational(options: CopyOptions): Promise<(RelationalResult & Gated) | Previewed> {
  return mutate(options, {
    before: (opened) => mustBeMade(opened, 'relational'),
    preview: (opened) => copyPreview(opened, 'relational'),
    run: async (context) =>
      gated(await runRelational(context, options.acceptQuarantine ?? 0), options.acceptQuarantine ?? 0),
  })
}

export interface BackfillRequest extends CopyOptions {
  /** Names of the tables to copy; default all time series of the plan. */
  tables?: string[]
  /** End with HF-B040 instead of waiting when something is against going on. */
  noWait?: boolean
  /** Folder of exported files. */
  fromCsv?: string
}

/** Step 6: copies the time series; with `fromCsv` from exported files (docs/design/0012). */
export async function backfill(options: BackfillRequest): Promise<(BackfillResult & Gated) | Previewed> {
  return mutate(options, {
    before: (opened) => mustBeMade(opened, 'timeseries'),
    preview: async (opened) => {
      const tables = tablesOf(opened.plan, 'timeseries', options.tables)
      const { fromCsv } = options
      if (fromCsv !== undefined) return filesPreview(opened, { ...options, fromCsv })
      const points = await pointsBeforehand(opened, tables)
      const copied = await copyPreview(opened, 'timeseries', options.tables)
      const stored = columnstoreLines(tables, opened.target.capabilities, points !== null)
      return besideWriters({ ...copied, lines: [...copied.lines, ...stored] }, opened, { tables, points })
    },
    run: async (context) => gated(await runBackfill(context, options), options.acceptQuarantine ?? 0),
  })
}

export interface VerifyRequest extends PlanOptions {
  level?: VerifyLevel
  tables?: string[]
  from?: string
  to?: string
  sampleRows?: number
  showValues?: boolean
  /** Rows that may stay in quarantine. Default what the copy was told. */
  acceptQuarantine?: number
}

/** Step 8: compares. The answer may be `equal: false` (3), or equal but for rows in quarantine that nobody has decided about (4); that is no error here. */
export async function verify(options: VerifyRequest): Promise<VerifyDocument & Gated> {
  return withDatabases(loadPlan(options), options, (opened) =>
    withStarted(opened, async (context) => {
      const document = await recorded(context, 'verify', () => verifyStep(context, options))
      const sources = new Set(document.tables.map(({ source }) => source))
      const { open, accepted } = await withSession(opened.target, (session) =>
        openQuarantine(session, context.migrationId, sources),
      )
      const quarantined = document.equal === null ? 0 : open
      const { gates, exitCode } = gated({ quarantined }, options.acceptQuarantine ?? accepted)
      return { ...document, gates, exitCode: document.equal === false ? 3 : exitCode }
    }),
  )
}

export interface RunOptions extends CopyOptions {
  /** Stop after this step. */
  until?: OfflineStep
}

export interface RunDocument extends Gated {
  migration: string
  steps: { name: OfflineStep; status: 'done' | 'skipped' | 'stopped' }[]
  tables: {
    name: string
    kind: TableKind
    sourceRows: number | string
    targetRows: number | string
    equal: boolean | null
    quarantined: number | string
  }[]
  verified: boolean
  quarantined: number
  /** Source tables and columns (`table.column`) that the plan does not carry. */
  notInPlan: string[]
}

/**
 * Walks the line for an application that stands still. Rows in quarantine do not stop it before the proof: everything else is copied and compared
 * first, and the gate closes at the end, so that one run tells everything.
 */
export async function runOffline(options: RunOptions): Promise<RunDocument | Previewed> {
  return mutate(options, {
    preview: runPreview,
    run: (context, opened) => walk(context, opened, options),
    before: async (opened) => {
      opened.events.emit({ kind: 'step', step: 'check', message: '' })
      const { ok, checks } = await checkStep(opened)
      if (ok) return
      throw new HyperferryError('HF-C020', { what: failures(checks), details: { checks } })
    },
  })
}

function failures(checks: readonly Check[]): string {
  const failed = checks.filter((one) => !one.ok && one.severity === 'error')
  return failed.map((one) => `${one.code} ${one.message}`).join('; ')
}

/** The line while the application writes; the last step only when it is asked for. */
const LIVE_LINE = {
  check: async (options: MutatingOptions) => {
    const { ok, checks } = await check(options)
    return { gates: [{ code: 'HF-C020', ok, reason: failures(checks) }] }
  },
  schema,
  relational,
  stage: (options: MutatingOptions) => setStage({ ...options, to: 'dualwrite' }),
  'completion-point': async (options: MutatingOptions) => {
    const result = await completionPoint({ ...options, wait: true })
    if ('preview' in result) return result
    const refusals = [...result.refusals, ...result.tables.flatMap((table) => table.refusals)]
    return { gates: refusals.map(({ code, message }) => ({ code, ok: false, reason: message })) }
  },
  'jobs pause': jobsPause,
  backfill,
  refresh,
  'jobs restore': jobsRestore,
  verify: async (options: CopyOptions) => {
    const { equal, gates } = await verify(options)
    return {
      gates: [
        { code: 'HF-V001', ok: equal === true, reason: equal === true ? 'equal' : 'different: hyperferry verify' },
        ...gates,
      ],
    }
  },
  cutover,
} satisfies Record<string, (options: CopyOptions) => Promise<object>>

export type LiveStep = keyof typeof LIVE_LINE
export const LIVE_STEPS = Object.keys(LIVE_LINE) as LiveStep[]

export interface LiveRunDocument extends Gated {
  migration: string
  steps: { name: LiveStep; status: 'done' | 'skipped' | 'stopped' }[]
  /** As verify has seen them; empty before it ran. */
  tables: RunDocument['tables']
  verified: boolean
  quarantined: number
}

/** Walks the line while the application writes, up to the proof, and stops at the first gate that is closed. What is done already changes nothing. */
export async function runLive(options: CopyOptions & { until?: LiveStep }): Promise<LiveRunDocument | Previewed> {
  const { plan } = loadPlan(options)
  const until = LIVE_STEPS.indexOf(options.until ?? 'verify')
  const preview = {
    title: `Walks the line of migration "${plan.migration}" while its application writes:`,
    lines: LIVE_STEPS.filter((_, index) => index <= until),
    sql: [],
  }
  // Asked once, for all of them.
  const { confirm: _asked, ...given } = options
  return confirmed(options, preview, () => walkLive(plan, given, until))
}

async function walkLive(plan: Plan, options: CopyOptions, until: number): Promise<LiveRunDocument> {
  const document: LiveRunDocument = {
    migration: plan.migration,
    steps: [],
    tables: [],
    verified: false,
    quarantined: 0,
    gates: [],
    exitCode: 0,
  }
  for (const [index, name] of LIVE_STEPS.entries()) {
    if (index > until || document.exitCode !== 0) {
      document.steps.push({ name, status: 'skipped' })
      continue
    }
    const result: object = await LIVE_LINE[name](options)
    if ('quarantined' in result) document.quarantined += Number(result.quarantined)
    if (name === 'verify' && 'tables' in result) document.tables = verifiedTables(plan, result.tables as VerifiedTables)
    const closed = ('gates' in result ? (result.gates as Gate[]) : []).filter((gate) => !gate.ok)
    document.gates.push(...closed)
    if (closed.length > 0) document.exitCode = closed.some(({ code }) => code === 'HF-V001') ? 3 : 4
    document.steps.push({ name, status: closed.length > 0 ? 'stopped' : 'done' })
    if (name === 'verify' && closed.length === 0) document.verified = true
  }
  return document
}

async function walk(context: StepContext, opened: Opened, options: RunOptions): Promise<RunDocument> {
  const accepted = options.acceptQuarantine ?? 0
  const last = OFFLINE_STEPS.indexOf(options.until ?? 'verify')
  const wanted = (step: OfflineStep) => OFFLINE_STEPS.indexOf(step) <= last
  if (wanted('schema')) await recorded(context, 'schema', () => schemaStep(context))
  const copied = wanted('relational') ? await runRelational(context, accepted) : null
  const history = wanted('backfill') ? await runBackfill(context, options) : null
  const verdict = wanted('verify') ? await recorded(context, 'verify', () => verifyStep(context, {})) : null

  const quarantined = (copied?.quarantined ?? 0) + (history?.quarantined ?? 0)
  const { gates, exitCode } = gated({ quarantined }, accepted)
  const waiting = await jobsWaiting(context)
  return {
    migration: opened.plan.migration,
    steps: OFFLINE_STEPS.map((name) => ({ name, status: wanted(name) ? 'done' : 'skipped' })),
    tables: verifiedTables(opened.plan, verdict?.tables ?? []),
    verified: verdict?.equal === true && exitCode === 0,
    quarantined,
    notInPlan: opened.leftOut,
    gates: waiting === null ? gates : [...gates, waiting],
    exitCode: verdict?.equal === false ? 3 : exitCode,
  }
}

type VerifiedTables = VerifyDocument['tables']

function verifiedTables({ tables: planned }: Plan, tables: VerifiedTables): RunDocument['tables'] {
  const kinds = new Map(planned.map((table) => [table.name, table.kind]))
  return tables.map(({ name, sourceRows, targetRows, equal, quarantined }) => ({
    name,
    kind: kinds.get(name) ?? 'relational',
    sourceRows,
    targetRows,
    equal,
    quarantined,
  }))
}

/** Copying never stops half-way for rows in quarantine: the gate is looked at afterwards, with everything else in place. */
const ACCEPT_ALL = { acceptQuarantine: Number.MAX_SAFE_INTEGER }

/** What was accepted is recorded with the result: `status` and `report` must agree with the exit code. */
function runRelational(context: StepContext, accepted: number): Promise<RelationalResult> {
  return recorded(context, 'relational', async () => ({ ...(await relationalStep(context, ACCEPT_ALL)), accepted }))
}

/** Workers of the command line are newer than what `backfill set` has said before. */
async function runBackfill(
  context: StepContext,
  { acceptQuarantine: accepted = 0, tables, noWait = false, workers, fromCsv }: BackfillRequest,
): Promise<BackfillResult> {
  if (workers !== undefined) await withSession(context.target, (session) => forgetWorkers(session, context.migrationId))
  const options = {
    ...ACCEPT_ALL,
    noWait,
    ...(tables ? { tables } : {}),
    ...(fromCsv === undefined ? {} : { fromCsv }),
  }
  return recorded(context, 'backfill', async () => ({ ...(await backfillStep(context, options)), accepted }))
}

function gated<T extends { quarantined: number }>(result: T, accepted: number): T & Gated {
  const ok = result.quarantined <= accepted
  const hint = `see hyperferry quarantine list; if they may stay there, go on with --accept-quarantine ${result.quarantined}`
  const reason =
    result.quarantined === 0
      ? 'no rows in quarantine'
      : `${result.quarantined} rows in quarantine${ok ? ', accepted' : `: ${hint}`}`
  return { ...result, gates: [{ code: 'HF-B012', ok, reason }], exitCode: ok ? 0 : 4 }
}

async function jobsWaiting({ target, migrationId }: StepContext): Promise<Gate | null> {
  const session = await target.session()
  try {
    return await waitingGate(session, migrationId)
  } finally {
    await session.release()
  }
}

/** Copying needs the tables. Throws HF-S013. */
async function mustBeMade({ plan, target }: Opened, kind: TableKind): Promise<void> {
  const missing = await missingTables(
    target,
    plan.target.schema,
    plan.tables.filter((table) => table.kind === kind),
  )
  if (missing.length === 0) return
  throw new HyperferryError('HF-S013', { what: `${missing.slice(0, 5).join(', ')}: not in the target yet` })
}

async function schemaPreview(opened: Opened): Promise<SchemaPreview> {
  return previewSchema(opened.plan, await schemaStep(opened, { dryRun: true }))
}

/** Throws HF-S011 when rows of somebody else are in the way. */
async function copyPreview(opened: Opened, kind: TableKind, names?: string[]): Promise<Preview> {
  const tables = tablesOf(opened.plan, kind, names)
  const session = await opened.target.session()
  try {
    return copyLines(opened, tables, await occupied(session, opened.plan, tables))
  } finally {
    await session.release()
  }
}

function tablesOf(plan: Plan, kind: TableKind, names?: string[]): PlannedTable[] {
  return plan.tables.filter(
    (table) =>
      table.kind === kind && (names === undefined || names.includes(table.name) || names.includes(table.source)),
  )
}

function copyLines({ plan, target }: Opened, tables: readonly PlannedTable[], emptied: readonly Emptied[]): Preview {
  const later = planDdl(plan, target.capabilities).filter((one) => one.phase === 'post')
  return previewCopy(plan, tables, later, emptied)
}

async function runPreview(opened: Opened): Promise<Preview> {
  const { plan, source, target } = opened
  const missing = await schemaStep(opened, { dryRun: true })
  const emptied = missing.emptied ?? []
  const made = previewSchema(plan, missing)
  const copied = (['relational', 'timeseries'] as const).map((kind) => copyLines(opened, tablesOf(plan, kind), []))
  return {
    title: `Moves ${plan.tables.length} tables of ${source.info.product} ${source.info.database} into ${target.info.version}, database ${target.info.database}. Steps: ${OFFLINE_STEPS.join(', ')}.`,
    lines: [
      ...emptiedLines(emptied),
      ...copied.flatMap((one) => one.lines),
      ...columnstoreLines(plan.tables, target.capabilities, false),
    ],
    sql: [
      ...made.before,
      ...emptiedSql(plan, emptied),
      ...copied.flatMap((one) => one.sql.filter((line) => line.startsWith('copy '))),
      ...made.after,
    ],
  }
}
