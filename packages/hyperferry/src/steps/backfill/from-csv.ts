/** Loading exported files: each is a task that somebody else has read already. */
import { join } from 'node:path'
import { planHash } from '../../config/plan-file.ts'
import { booked, gaps, lanesOf } from '../../control/coverage.ts'
import { HyperferryError } from '../../errors.ts'
import { MAIN_LANE } from '../../model.ts'
import type { Plan, PlannedTable, SourceInfo } from '../../model.ts'
import { chunkGrid } from '../../values/axis.ts'
import { NORMALISER_VERSION } from '../../values/normalise.ts'
import { withSession } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { fitsPart } from '../../work/csv/fits-part.ts'
import { readManifest } from '../../work/csv/folder.ts'
import { loadFile } from '../../work/csv/load-file.ts'
import type { LoadJob } from '../../work/csv/load-file.ts'
import { taskOf } from '../../work/csv/manifest.ts'
import type { ExportedFile, ExportManifest } from '../../work/csv/manifest.ts'
import { folderOf, JOURNAL } from '../../work/csv/names.ts'
import { sizeOf } from '../../work/csv/files.ts'
import { mustBeThere } from '../../work/csv/read-file.ts'
import { chunkMaker } from '../../work/make-chunks.ts'
import { prepareTable } from '../../work/prepare-table.ts'
import type { TableWork } from '../../work/table-work.ts'
import { TableProgress } from './progress.ts'
import { each, inParallel, withSlot } from './workers.ts'
import type { Workers } from './workers.ts'

/** The export of one table. */
export interface TableExport {
  folder: string
  manifest: ExportManifest
}

/**
 * The exports in a folder, by source table. Throws HF-E011 when one was made with another plan, source or format, HF-E019 when one is not finished,
 * HF-E013 when there is none, or none of a table that is asked for.
 */
export async function exportsIn(
  folder: string,
  tables: readonly PlannedTable[],
  { plan, source, asked }: { plan: Plan; source: Pick<SourceInfo, 'identity'>; asked: boolean },
): Promise<Map<string, TableExport>> {
  const found = new Map<string, TableExport>()
  for (const table of tables) {
    const path = join(folder, folderOf(table.name))
    const manifest = await readManifest(path)
    if (manifest !== null) {
      mustFit(path, manifest, { plan, source, table })
      found.set(table.source, { folder: path, manifest })
    } else if ((await sizeOf(join(path, JOURNAL))) !== null) {
      throw new HyperferryError('HF-E019', { what: `${path}: the export was not finished` })
    } else if (asked) {
      throw new HyperferryError('HF-E013', { what: `${folder} holds no export of ${table.name}` })
    }
  }
  if (found.size === 0)
    throw new HyperferryError('HF-E013', { what: `${folder} holds no export of a table of the plan` })
  return found
}

function mustFit(
  path: string,
  manifest: ExportManifest,
  { plan, source, table }: { plan: Plan; source: Pick<SourceInfo, 'identity'>; table: PlannedTable },
): void {
  const columns = table.columns.filter(({ generated }) => generated === null).map(({ name, type }) => ({ name, type }))
  const facts: [string, unknown, unknown][] = [
    ['table', manifest.table, { source: table.source, name: table.name, split: table.split, axis: table.axis }],
    ['columns', manifest.columns, columns],
    ['plan', manifest.planHash, planHash(plan)],
    ['source', manifest.source.identity, source.identity],
    ['version of digests', manifest.normaliser, NORMALISER_VERSION],
  ]
  const different = facts.find(([, there, here]) => JSON.stringify(there) !== JSON.stringify(here))
  if (different === undefined) return
  throw new HyperferryError('HF-E011', {
    what: `${path} was exported with another ${different[0]}`,
    details: { field: different[0], table: table.source },
  })
}

export interface LoadOptions extends Workers {
  /** Zone of wall-clock columns. */
  timezone: string
}

export interface LoadedTable {
  /** Rows that were on the books before. */
  before: number
  /** Files. */
  loaded: number
  /** Rows that stood in the target and were deleted (existingRows: delete). */
  deleted: number
}

/** Loads what no receipt covers yet. Files whose span is booked in part are left out; what they hold is then a gap. */
// eslint-disable-next-line max-params -- as copyTable
export async function loadTable(
  run: CopyRun,
  work: TableWork,
  { folder, manifest }: TableExport,
  options: LoadOptions,
): Promise<LoadedTable> {
  const { table, tableId } = work
  const { left, sums } = await withSession(run, table.name, async (session) => {
    const files: ExportedFile[] = []
    for (const file of manifest.files) {
      const { lane, span } = taskOf(file)
      const [first, ...more] = await gaps(session, tableId, lane, [span])
      if (first !== undefined && more.length === 0 && first.from === span.from && first.to === span.to) files.push(file)
    }
    return { left: files, sums: await booked(session, tableId) }
  })
  for (const file of left) fitsPart(work, folder, { manifest, file })
  await mustBeThere(folder, left)
  if (left.length === 0) return { before: sums.rows, loaded: 0, deleted: 0 }
  const { deleted } =
    work.part === null ? await withSession(run, table.name, (session) => prepareTable(session, work)) : { deleted: 0 }
  const watcher = new TableProgress(run.events, table, sums)
  const grid = chunkGrid(table, options.timezone)
  const makeChunks = chunkMaker({ target: run.target, events: run.events, work, grid, timezone: options.timezone })
  const lateSince = work.part !== null && table.mode === 'replace' ? BigInt(manifest.point?.lateSince ?? 0) : null
  await inParallel(
    run,
    options,
    each(left),
    withSlot((slot, file) => {
      const job: LoadJob = { ...taskOf(file), folder, file, watcher, makeChunks, lateSince }
      return loadFile(run, slot, work, job)
    }),
  )
  return { before: sums.rows, loaded: left.length, deleted }
}

/** What no receipt covers after loading, as text: `reading [5,9)`. */
export async function gapsOf(run: CopyRun, work: TableWork): Promise<string[]> {
  return withSession(run, work.table.name, async (session) => {
    const named: string[] = []
    for (const lane of lanesOf(work.table)) {
      for (const { from, to } of await gaps(
        session,
        work.tableId,
        lane,
        lane === MAIN_LANE ? work.part?.spans : undefined,
      )) {
        named.push(lane === MAIN_LANE ? `[${from ?? '−∞'}, ${to ?? '∞'})` : 'rows without a position')
      }
    }
    return named
  })
}
