// Something that takes as long as the test does.
import { onTestFinished } from 'vitest'

/** Resolves at the end of the test, before anything it has made so far is closed. */
export function endOfTest(): Promise<void> {
  return new Promise((resolve) => onTestFinished(() => resolve()))
}
