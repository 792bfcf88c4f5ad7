/** `plan`: opens both databases, lets the step inspect them, writes the plan file. */
import { access, writeFile } from 'node:fs/promises'
import { writePlan } from './config/plan-file.ts'
import { expand, holdsLiteralPassword } from './config/urls.ts'
import { codeOf, HyperferryError } from './errors.ts'
import type { Finding, PlannedTable, SourceInfo, Split, TableKind } from './model.ts'
import { openBoth } from './open-migration.ts'
import { makePlan } from './steps/plan.ts'
import type { Forecast } from './steps/plan.ts'
import { noEvents } from './work/events.ts'
import type { Events } from './work/events.ts'

export interface MakePlanOptions {
  /** URLs; `${NAME}` is taken from the environment and stays so in the file. */
  source: string
  target: string
  /** File to write. */
  out: string
  /** Replace it when it exists. Default false. */
  force?: boolean
  full?: boolean
  sampleRows?: number
  migration?: string
  /** Default `public`. */
  targetSchema?: string
  /** Zone of wall-clock columns. Default `UTC`. */
  timezone?: string
  /** Source tables to leave out. */
  exclude?: string[]
  env?: Readonly<Record<string, string | undefined>>
  events?: Events
  signal?: AbortSignal
}

export interface PlanDocument {
  migration: string
  file: string
  source: SourceInfo
  target: { description: string; database: string }
  tables: {
    name: string
    kind: TableKind
    timeColumn: string | null
    timeType: string | null
    split: Split
    rows: number
    bytes: number | null
    chunkInterval: string | null
  }[]
  findings: Finding[]
  forecast: Forecast
}

/** Inspects and writes `out`. Throws HF-U015 when the file exists, and whatever connecting and inspecting throw. */
export async function makePlanFile(options: MakePlanOptions): Promise<PlanDocument> {
  const env = options.env ?? process.env
  const signal = options.signal ?? new AbortController().signal
  const timezone = options.timezone ?? 'UTC'
  if (options.force !== true) await refuseExisting(options.out)
  const urls = { source: expand(options.source, env), target: expand(options.target, env) }
  return openBoth({ ...urls, timezone, connections: 2, signal }, async ({ source, target }) => {
    const { plan, findings, forecast } = await makePlan({
      source,
      target,
      events: options.events ?? noEvents,
      signal,
      options: {
        sourceUrl: inPlan(options.source, 'HYPERFERRY_SOURCE'),
        targetUrl: inPlan(options.target, 'HYPERFERRY_TARGET'),
        targetSchema: options.targetSchema ?? 'public',
        timezone,
        full: options.full ?? false,
        exclude: options.exclude ?? [],
        ...(options.sampleRows === undefined ? {} : { sampleRows: options.sampleRows }),
        ...(options.migration === undefined ? {} : { migration: options.migration }),
      },
    })
    await writeWhole(options.out, writePlan(plan, findings, forecast), options.force === true)
    return {
      migration: plan.migration,
      file: options.out,
      source: source.info,
      target: { description: target.info.version, database: target.info.database },
      tables: plan.tables.map(summary),
      findings,
      forecast,
    }
  })
}

function summary(table: PlannedTable): PlanDocument['tables'][number] {
  return {
    name: table.name,
    kind: table.kind,
    timeColumn: table.time?.column ?? null,
    timeType: table.columns.find((column) => column.name === table.time?.column)?.type ?? null,
    split: table.split,
    rows: table.estimatedRows,
    bytes: table.estimatedBytes,
    chunkInterval: table.chunkInterval,
  }
}

/** A URL with a password never goes into the file: it is referred to by the variable it should be given in. */
function inPlan(url: string, variable: string): string {
  return holdsLiteralPassword(url) ? `\${${variable}}` : url
}

async function refuseExisting(file: string): Promise<void> {
  const missing = await access(file).then(
    () => false,
    (error: unknown) => codeOf(error) === 'ENOENT',
  )
  if (!missing) throw new HyperferryError('HF-U015', { what: `${file} is there already` })
}

async function writeWhole(file: string, text: string, replace: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: replace ? 'w' : 'wx' })
  } catch (error) {
    throw new HyperferryError('HF-U015', {
      what: `${file} cannot be written (${codeOf(error) ?? 'unknown'})`,
      hint: 'Choose another file with --out.',
      cause: error,
    })
  }
}
