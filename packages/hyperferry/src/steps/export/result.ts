/** What an export says at its end; plain data. */

export interface ExportedTable {
  /** Name in the target. */
  name: string
  source: string
  /** Where its files are. */
  folder: string
  files: number
  rows: number
  /** Of the files, as they lie there. */
  bytes: number
  /** Rows that could not be represented; they stand in files of their own. */
  rejected: number
  /** `hf1:…` of the rows. */
  digest: string
  /** `unchanged`: it was finished before this run. */
  status: 'done' | 'unchanged'
}

export interface ExportResult {
  /** Paths of all files with rows, under the folder that was given. */
  files: string[]
  rows: number
  bytes: number
  rejected: number
  seconds: number
  tables: ExportedTable[]
  notes: string[]
}
