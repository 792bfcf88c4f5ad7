/** An error that ends a copy, with how to go on. */
import { HyperferryError } from '../../errors.ts'

export interface Way {
  name: string
  /** The made-up name by which the import goes on; null when the command alone does. */
  goesOn: string | null
  header: boolean
}

/** What is loaded stays: says how to go on. */
export function withWayOn(error: unknown, { name, goesOn, header }: Way): unknown {
  if (!(error instanceof HyperferryError)) return error
  return new HyperferryError(error.code, {
    what: error.message,
    hint: hintFor(error, goesOn === null ? 'the same command' : `the same command with --import-id ${goesOn}`, header),
    details: { ...error.details, importId: name },
    cause: error.cause ?? error,
    ...(error.sqlstate === null ? {} : { sqlstate: error.sqlstate }),
  })
}

function hintFor(error: HyperferryError, command: string, header: boolean): string {
  if (error.code !== 'HF-F002' && error.code !== 'HF-F011') {
    return error.exitCode === 4 ? `Run ${command}: it goes on where the books end.` : error.hint
  }
  if (error.details['line'] === 1 && !header)
    return 'If the first line is a header: --skip-header or --auto-column-mapping.'
  return `Leave rows at fault out: ${command} and --skip-batch-errors. Or mend the file, empty the table of what is loaded, and begin again.`
}
