/** Exporting one table with several workers. */
import { join } from 'node:path'
import { lanesOf } from '../../control/coverage.ts'
import { workLeft } from '../../control/spans.ts'
import { MAIN_LANE } from '../../model.ts'
import type { Lane, PlannedTable, Span } from '../../model.ts'
import { alignPosition, chunkGrid } from '../../values/axis.ts'
import { patiently } from '../../work/attempts.ts'
import type { Waiting } from '../../work/attempts.ts'
import { interrupted } from '../../work/backoff.ts'
import { ExportFolder, makeFolder } from '../../work/csv/folder.ts'
import { alone } from '../../work/csv/lock.ts'
import { spanOfFile, taskOf } from '../../work/csv/manifest.ts'
import type { ExportedFile, ExportHeader, ExportManifest } from '../../work/csv/manifest.ts'
import { folderOf } from '../../work/csv/names.ts'
import { writeFileOf } from '../../work/csv/write-file.ts'
import { taskFeed } from '../../work/feed.ts'
import type { TableWork } from '../../work/table-work.ts'
import type { Task } from '../../work/tasks.ts'
import { finish } from './finish.ts'
import type { ExportedTable } from './result.ts'

export interface ExportTableOptions {
  out: string
  workers: number
  taskRows: number
  timezone: string
  /** Aborted when the running files should be the last ones. */
  signal: AbortSignal
}

/** When this returns, the folder holds every row of the header's spans and a manifest that says so. Throws HF-B010 when the source counts other rows, and as files and reading do. */
// eslint-disable-next-line max-params -- as copyTable
export async function exportTable(
  run: Waiting,
  work: TableWork,
  header: ExportHeader,
  options: ExportTableOptions,
): Promise<{ table: ExportedTable; files: ExportedFile[] }> {
  const path = join(options.out, folderOf(work.table.name))
  await makeFolder(path)
  return alone(path, async () => {
    const folder = await ExportFolder.open(path, header)
    try {
      const before = folder.files.length
      await writeLeft(run, work, folder, options)
      const finished = folder.manifest ?? (await finish(run, work, folder))
      const unchanged = folder.files.length === before && folder.manifest !== null
      return { table: resultOf(work.table, path, finished, unchanged), files: finished.files }
    } finally {
      await folder.close()
    }
  })
}

// eslint-disable-next-line max-params -- as above
async function writeLeft(
  run: Waiting,
  work: TableWork,
  folder: ExportFolder,
  options: ExportTableOptions,
): Promise<void> {
  const { table, reader } = work
  const { header } = folder
  const progress = progressOf(run, table, folder.files)
  const feed = taskFeed(work, leftOf(table, header, folder.files), {
    rows: options.taskRows,
    grid: chunkGrid(table, options.timezone),
    align: (position) => alignPosition(table, position),
    walker: {
      advance: (from, rows) => patiently(run, table.name, () => reader.advance(from, rows)),
      extent: () => patiently(run, table.name, () => reader.extent()),
    },
  })
  const how = { folder: folder.path, gzip: header.gzip, stop: run.stop }
  await inParallel(options, feed, async (task) => {
    const file = await patiently(run, table.name, () => writeFileOf(work, task, how))
    await folder.add(file)
    progress(file)
  })
}

/** What no finished file holds: what lies outside of the export's spans counts as done. */
function leftOf(table: PlannedTable, header: ExportHeader, files: readonly ExportedFile[]): Map<Lane, Span[]> {
  const outside = workLeft(
    header.spans.map((span) => ({ lane: MAIN_LANE, span: spanOfFile(span) })),
    MAIN_LANE,
  )
  const done = [...files.map(taskOf), ...outside.map((span) => ({ lane: MAIN_LANE, span }) as const)]
  const lanes = lanesOf(table).filter((lane) => lane === MAIN_LANE || header.residual)
  return new Map(lanes.map((lane) => [lane, workLeft(done, lane)]))
}

/** Does everything the feed gives. Throws HF-B022 after the running ones when `signal` is aborted, and the first error that waiting cannot mend. */
async function inParallel(
  { workers, signal }: Pick<ExportTableOptions, 'workers' | 'signal'>,
  feed: AsyncGenerator<Task, void, undefined>,
  perform: (task: Task) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    try {
      while (failures.length === 0) {
        if (signal.aborted) throw interrupted()
        const { value: task } = await feed.next()
        if (task === undefined) return
        await perform(task)
      }
    } catch (error) {
      failures.push(error)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, workers) }, worker))
  await feed.return()
  if (failures.length > 0) throw failures[0]
}

function progressOf(
  run: Waiting,
  { name, estimatedRows }: PlannedTable,
  files: readonly ExportedFile[],
): (file: ExportedFile) => void {
  let rows = files.reduce((sum, file) => sum + file.rows, 0)
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  run.events.emit({ kind: 'table-start', table: name, rows, bytes, estimatedRows })
  return (file) => {
    rows += file.rows
    bytes += file.bytes
    run.events.emit({ kind: 'table-progress', table: name, rows, bytes, estimatedRows })
  }
}

// eslint-disable-next-line max-params -- a table, where it is, and what is there
function resultOf(
  { name, source }: PlannedTable,
  folder: string,
  manifest: ExportManifest,
  unchanged: boolean,
): ExportedTable {
  const { rows, bytes, rejected, digest, files } = manifest
  return {
    name,
    source,
    folder,
    files: files.length,
    rows,
    bytes,
    rejected,
    digest,
    status: unchanged ? 'unchanged' : 'done',
  }
}
