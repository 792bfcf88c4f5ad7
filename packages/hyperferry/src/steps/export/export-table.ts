/** Exporting one table with several workers. */
import { join } from 'node:path'
import { lanesOf } from '../../control/coverage.ts'
import { workLeft } from '../../control/spans.ts'
import { HyperferryError } from '../../errors.ts'
import { MAIN_LANE } from '../../model.ts'
import type { Lane, PlannedTable, Span } from '../../model.ts'
import { alignPosition, chunkGrid } from '../../values/axis.ts'
import { Digest } from '../../values/digest.ts'
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

/** Counts the source, then writes the manifest. */
async function finish(run: Waiting, work: TableWork, folder: ExportFolder): Promise<ExportManifest> {
  const { header } = folder
  const files = folder.files.toSorted((a, b) => a.lane - b.lane || (startOf(a) < startOf(b) ? -1 : 1))
  const digest = new Digest()
  for (const file of files) digest.merge(file.digest)
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  const rejected = files.reduce((sum, file) => sum + (file.rejected?.rows ?? 0), 0)
  const sourceRows = await countOf(run, work, header)
  mustMatch(work, header, { sourceRows, exported: BigInt(rows + rejected) })
  const manifest: ExportManifest = {
    ...header,
    rows,
    rejected,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    digest: digest.toString(),
    sourceRows: String(sourceRows),
    files,
  }
  await folder.finish(manifest)
  return manifest
}

function startOf({ span: { from } }: ExportedFile): bigint {
  return from === null ? -(2n ** 200n) : BigInt(from)
}

async function countOf(run: Waiting, { table, reader }: TableWork, header: ExportHeader): Promise<bigint> {
  const count = (slice: Parameters<typeof reader.count>[0]): Promise<bigint> =>
    patiently(run, table.name, () => reader.count(slice))
  const spans = header.spans.map(spanOfFile)
  if (header.residual && spans.length === 1 && spans[0]?.from === null && spans[0].to === null)
    return count({ kind: 'all' })
  if (table.split === 'all') return count({ kind: 'all' })
  let sum = header.residual ? await count({ kind: 'residual' }) : 0n
  for (const { from, to } of spans) sum += await count({ kind: 'range', from, to })
  return sum
}

/** While the application writes (`--to T`) rows may come late, and rows of a table that is not split by time can only be counted whole. */
function mustMatch(
  work: TableWork,
  { point }: ExportHeader,
  { sourceRows, exported }: { sourceRows: bigint; exported: bigint },
): void {
  if (sourceRows === exported || (point !== null && sourceRows > exported)) return
  const { source } = work.table
  throw new HyperferryError('HF-B010', {
    what: `${source}: the source counts ${sourceRows} rows, the files hold ${exported}`,
    hint: 'The source changed while it was exported. Stop the application, or export rows that do not change any more (--to), into a new folder.',
    details: { table: source, sourceRows: String(sourceRows), rows: String(exported) },
  })
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
