/** An error that ends a copy, with how to go on. */
import { HyperferryError } from '../../errors.ts'

export interface Way {
  name: string
  /** The made-up name by which the import goes on; null when the command alone does. */
  goesOn: string | null
  header: boolean
  /** Indexes that the table lacks until the import ends. */
  missing: readonly string[]
  /** As --table names it. */
  table: string
}

/** What is loaded stays: says how to go on. */
export function withWayOn(error: unknown, { name, goesOn, header, missing, table }: Way): unknown {
  if (!(error instanceof HyperferryError)) return error
  const command = goesOn === null ? 'the same command' : `the same command with --import-id ${goesOn}`
  const lacks =
    missing.length === 0
      ? ''
      : ` Not there until then: ${missing.join(', ')} (copy --table ${table} --make-indexes makes them at once).`
  return error.retold({
    hint: hintFor(error, command, { header, goesOn }) + lacks,
    details: { importId: name, ...(missing.length === 0 ? {} : { indexes: [...missing] }) },
  })
}

function hintFor(
  error: HyperferryError,
  command: string,
  { header, goesOn }: { header: boolean; goesOn: string | null },
): string {
  if (error.code !== 'HF-F002' && error.code !== 'HF-F011') {
    if (error.exitCode === 4) return `Run ${command}: it goes on where the books end.`
    // Without its name it would be loaded once more.
    return goesOn === null ? error.hint : `${error.hint} What is loaded stays: then run ${command}.`
  }
  if (error.details['line'] === 1 && !header)
    return 'If the first line is a header: --skip-header or --auto-column-mapping.'
  return `Leave rows at fault out: ${command} and --skip-batch-errors. Or mend the file, empty the table of what is loaded, and begin again.`
}
