/** Opens what a CSV file needs to get into a table, loads it, and closes everything. Needs no plan. */
import { expand } from './config/urls.ts'
import type { Previewed } from './mutate.ts'
import type { Preview } from './preview.ts'
import { copyFile, openText, previewOf } from './steps/copy.ts'
import type { CopyContext, CopyRequest, CopyResult } from './steps/copy.ts'
import { openTarget } from './target/connect.ts'
import { toUrl } from './target/libpq.ts'
import { MemoryBudget } from './work/budget.ts'
import { noEvents } from './work/events.ts'
import type { Events } from './work/events.ts'

export type { CopyRequest, CopyResult } from './steps/copy.ts'

export interface CopyCsvOptions {
  request: CopyRequest
  /** URL of the target, or `host=… dbname=…`; `${NAME}` is taken from the environment. */
  connection: string
  env?: Readonly<Record<string, string | undefined>>
  events?: Events
  signal?: AbortSignal
  hardSignal?: AbortSignal
  dryRun?: boolean
  /** Asked with a preview before anything is changed; false ends the command without a change. Default: go on. */
  confirm?: (preview: Preview) => Promise<boolean>
}

const never = new AbortController().signal

/** Throws HF-F001 … HF-F012 about the file, HF-C… and HF-S… about the target. */
export async function copyCsv(options: CopyCsvOptions): Promise<CopyResult | Previewed> {
  const { request } = options
  const events = options.events ?? noEvents
  const signal = options.signal ?? never
  const hardSignal = options.hardSignal ?? never
  const url = toUrl(expand(options.connection, options.env ?? process.env))
  const text = await openText(request.file, request.input)
  try {
    const target = await openTarget(url, { connections: request.workers + 1, signal: hardSignal })
    try {
      const run = { target, budget: new MemoryBudget(), events, retry: request.retry, stop: hardSignal }
      const context: CopyContext = { target, text, run, events, signal }
      if (options.dryRun === true) return { preview: await previewOf(context, request) }
      if (options.confirm !== undefined) {
        const preview = await previewOf(context, request)
        if (!(await options.confirm(preview))) return { preview }
      }
      return await copyFile(context, request)
    } finally {
      await target.close()
    }
  } finally {
    await text.close()
  }
}
