// A CSV case folder as data; what is in one: cases/README.md.
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'

export interface CsvCase {
  name: string
  /** The file, byte for byte. */
  input: Buffer
  servers: ('pg15' | 'pg18')[]
  /** Makes table `t`. */
  table: string
  /** As on the command line, without their dashes. */
  flags: Record<string, string | number | boolean>
  /** The COPY that must come to the same; null where no single COPY does. */
  plain: string | null
  /** In the order of the file; without a line it is the file or the flags that are refused. */
  refused: { code: string; line?: number; column?: string | null; reason?: string }[]
  /** Rows that are loaded, or how many. */
  rows: number | string[]
}

const FOLDER = new URL('./cases/', import.meta.url)

/** All case folders, by name. */
export function readCsvCases(): CsvCase[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const described = parse(readFileSync(new URL(`${name}/case.yaml`, FOLDER), 'utf8')) as Partial<CsvCase>
      const { table, plain } = described
      if (table === undefined || plain === undefined) throw new Error(`${name}/case.yaml: table and plain must be said`)
      const input = readFileSync(new URL(`${name}/input.csv`, FOLDER))
      return { servers: ['pg18'], flags: {}, refused: [], rows: 0, ...described, table, plain, name, input }
    })
}
