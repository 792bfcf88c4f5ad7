/** Looks at a server about once a second until told to stop; a look that fails or hangs is forgotten. */
import { setTimeout as sleep } from 'node:timers/promises'
import { HyperferryError, messageOf } from '../errors.ts'

const EVERY_MS = 1000
const PATIENCE_MS = 5000

export interface Watch {
  /** Returns after the first look, whatever became of it. */
  readonly begun: Promise<void>
  readonly ended: Promise<void>
}

/** `failed` hears of each failure in words. */
export function watch(look: () => Promise<void>, failed: (why: string) => void, end: AbortSignal): Watch {
  const once = async (): Promise<void> => {
    try {
      await inTime(look(), end)
    } catch (error) {
      const interrupted = error instanceof HyperferryError && error.code === 'HF-B022'
      if (!end.aborted && !interrupted) failed(messageOf(error))
    }
  }
  const begun = once()
  const ended = (async () => {
    await begun
    for (;;) {
      await sleep(EVERY_MS, undefined, { signal: end }).catch(() => {})
      if (end.aborted) return
      await once()
    }
  })()
  return { begun, ended }
}

async function inTime(looking: Promise<void>, end: AbortSignal): Promise<void> {
  const over = new AbortController()
  const late = sleep(PATIENCE_MS, undefined, { signal: AbortSignal.any([over.signal, end]) }).then(() => {
    throw new Error(`no answer within ${PATIENCE_MS / 1000} s`)
  })
  try {
    await Promise.race([looking, late])
  } finally {
    over.abort()
    late.catch(() => {})
    // One that was given up may still fail, which is of no interest any more.
    looking.catch(() => {})
  }
}
