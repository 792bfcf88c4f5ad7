/** Opens what a CSV file needs to get into a table, loads it, and closes everything. Needs no plan. */
import { expand } from './config/urls.ts'
import type { Previewed } from './mutate.ts'
import type { Preview } from './preview.ts'
import { copyFile, makeIndexesOwed, openText, previewIndexes, previewOf } from './steps/copy.ts'
import type { CopyContext, CopyRequest, CopyResult } from './steps/copy.ts'
import { openTarget } from './target/connect.ts'
import { toUrl } from './target/libpq.ts'
import { withSession } from './work/attempts.ts'
import type { CopyRun } from './work/attempts.ts'
import { MemoryBudget } from './work/budget.ts'
import { noEvents } from './work/events.ts'
import type { Events } from './work/events.ts'

export type { CopyRequest, CopyResult } from './steps/copy.ts'

interface Opening {
  /** URL of the target, or `host=… dbname=…`; `${NAME}` is taken from the environment. */
  connection: string
  env?: Readonly<Record<string, string | undefined>>
  events?: Events
  /** Aborted to stop after what is being done. */
  signal?: AbortSignal
  hardSignal?: AbortSignal
  dryRun?: boolean
}

export interface CopyCsvOptions extends Opening {
  request: CopyRequest
  /** Asked with a preview before anything is changed; false ends the command without a change. Default: go on. */
  confirm?: (preview: Preview) => Promise<boolean>
}

const never = new AbortController().signal

/** Throws HF-F001 … HF-F013 about the file, HF-C… and HF-S… about the target. */
export async function copyCsv(options: CopyCsvOptions): Promise<CopyResult | Previewed> {
  const { request } = options
  const text = await openText(request.file, request.input)
  try {
    return await withTarget(options, request, async (run) => {
      const context: CopyContext = {
        target: run.target,
        text,
        run,
        events: run.events,
        signal: options.signal ?? never,
      }
      if (options.dryRun === true) return { preview: await previewOf(context, request) }
      if (options.confirm !== undefined) {
        const preview = await previewOf(context, request)
        if (!(await options.confirm(preview))) return { preview }
      }
      return copyFile(context, request)
    })
  } finally {
    await text.close()
  }
}

/** Makes the indexes that imports into the table have left for their end (`--make-indexes`). */
export async function makeDeferredIndexes(
  options: Opening & { request: Pick<CopyRequest, 'schema' | 'table' | 'workers' | 'retry'> },
): Promise<{ indexes: string[] } | Previewed> {
  const { request } = options
  return withTarget(options, request, async (run) => {
    if (options.dryRun === true) {
      return { preview: await withSession(run, request.table, (session) => previewIndexes(session, request)) }
    }
    return {
      indexes: await makeIndexesOwed(run, request, { workers: request.workers, signal: options.signal ?? never }),
    }
  })
}

async function withTarget<T>(
  options: Opening,
  request: Pick<CopyRequest, 'workers' | 'retry'>,
  use: (run: CopyRun) => Promise<T>,
): Promise<T> {
  const hardSignal = options.hardSignal ?? never
  const url = toUrl(expand(options.connection, options.env ?? process.env))
  const target = await openTarget(url, { connections: request.workers + 1, signal: hardSignal })
  try {
    const events = options.events ?? noEvents
    return await use({ target, budget: new MemoryBudget(), events, retry: request.retry, stop: hardSignal })
  } finally {
    await target.close()
  }
}
