/** Ctrl-C and SIGTERM: once, finish the current tasks; twice, stop now; a third time, give up waiting. All are resumable. */
export interface Interrupts {
  soft: AbortSignal
  hard: AbortSignal
  release(): void
}

export function interruptible(say: (line: string) => void): Interrupts {
  const soft = new AbortController()
  const hard = new AbortController()
  const onSignal = () => {
    if (!soft.signal.aborted) {
      say('Stopping after the current tasks; once more to stop now. Both can be resumed.')
      soft.abort()
    } else if (!hard.signal.aborted) {
      say('Stopping now.')
      hard.abort()
    } else {
      // Exit 4: whatever was uncommitted is rolled back by the servers, the receipts tell the rest.
      process.exit(4)
    }
  }
  // Those of bin/hyperferry.js were for the time before.
  process.removeAllListeners('SIGINT')
  process.removeAllListeners('SIGTERM')
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    soft: soft.signal,
    hard: hard.signal,
    release() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
