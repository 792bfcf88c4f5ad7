/** Command `load-test`. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseQueryFile } from '../config/query-file.ts'
import { HyperferryError, messageOf } from '../errors.ts'
import { loadPlan, withDatabases, withStarted } from '../open-migration.ts'
import type { PlanOptions } from '../open-migration.ts'
import { recorded } from '../recorded.ts'
import { loadTest as step } from '../steps/load-test.ts'
import type { LoadTestOptions, LoadTestResult } from '../steps/load-test.ts'

export type { LoadTestResult } from '../steps/load-test.ts'

/** Step 9. `queries` is the file, see docs/reference/load-test.md. Throws HF-U016 before anything is opened. `exitCode` 3 when it was not passed. */
export async function loadTest(
  options: PlanOptions & LoadTestOptions & { queries: string },
): Promise<LoadTestResult & { exitCode: number }> {
  const queries = parseQueryFile(read(options.queries), basename(options.queries))
  return withDatabases(loadPlan(options), options, (opened) =>
    withStarted(opened, async (context) => {
      const result = await recorded(context, 'load-test', () => step(context, queries, options))
      return { ...result, exitCode: result.ok ? 0 : 3 }
    }),
  )
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new HyperferryError('HF-U016', { what: `cannot read ${file}: ${messageOf(error)}`, cause: error })
  }
}
