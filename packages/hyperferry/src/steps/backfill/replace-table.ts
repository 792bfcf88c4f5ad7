/** Copying a table without a key beside its writers: ranges are deleted and copied, and those that late rows fell into meanwhile once more (docs/design/0009). */
import { barrier, clearOf } from '../../control/barrier.ts'
import { booked } from '../../control/coverage.ts'
import { isTouched, parkedInPart, touchedReceipts } from '../../control/late.ts'
import { HyperferryError } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import { patiently, withSession } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { noteOnePiece } from '../../work/in-one-piece.ts'
import { clearPart, partOf, replaceTask } from '../../work/replace-task.ts'
import type { TableWork } from '../../work/table-work.ts'
import { BY_ROWS, copyAll, isNothing, workLeft } from './copy-table.ts'
import type { CopiedTable, CopyTableOptions } from './copy-table.ts'
import { TableProgress } from './progress.ts'
import { each, inParallel, withSlot } from './workers.ts'

export interface ReplaceOptions extends CopyTableOptions {
  migrationId: number
}

/** Rounds of doing ranges again before the late rows are called too many. */
const ROUNDS = 20

/**
 * When this returns, the receipts cover the part, and no row of it was committed in the source before it was read and delivered after it was deleted. That is
 * worked out from the receipts in every run, also when nothing is left to copy: a run may have died before it looked. Throws HF-B030 when writers do
 * not answer, HF-B031 when late rows keep coming, HF-T014 when records of the part are parked.
 */
export async function replaceTable(run: CopyRun, work: TableWork, options: ReplaceOptions): Promise<CopiedTable> {
  const sums = await withSession(run, work.table.name, (session) => booked(session, work.tableId))
  const table = new Replacing(run, work, { ...options, progress: new TableProgress(run.events, work.table, sums) })
  const copied = await table.copy()
  const redone = await table.settle()
  return { ...BY_ROWS, before: sums.rows, unchanged: !copied && !redone, deleted: 0 }
}

class Replacing {
  readonly #run: CopyRun
  readonly #work: TableWork
  readonly #options: ReplaceOptions & { progress: TableProgress }
  readonly #byRange: boolean

  constructor(run: CopyRun, work: TableWork, options: ReplaceOptions & { progress: TableProgress }) {
    this.#run = run
    this.#work = work
    this.#options = options
    this.#byRange = partOf(work).byRange
  }

  /** Whether there was anything to do. */
  async copy(): Promise<boolean> {
    if (isNothing(await workLeft(this.#run, this.#work))) return false
    if (this.#work.table.split === 'all') await noteOnePiece(this.#run.events, [this.#work.table])
    await this.#options.pace.turn(this.#options.signal)
    // Not needed for the result: what is delivered now need not be done again later.
    await this.#delivered()
    await this.#copyLeft(false)
    return true
  }

  /** Whether anything was done again. */
  async settle(): Promise<boolean> {
    for (let round = 0; round < ROUNDS; round += 1) {
      failpoint('backfill.before-barrier')
      await this.#delivered()
      if (!(await this.#redo())) return round > 0
    }
    throw new HyperferryError('HF-B031', {
      what: `${this.#work.table.source}: rows older than T came in during each of ${ROUNDS} rounds`,
      details: { table: this.#work.table.source },
    })
  }

  /** Returns when every writer has delivered what falls into the part and was in the source when this was called. */
  async #delivered(): Promise<void> {
    const { table } = this.#work
    const { signal, migrationId } = this.#options
    const part = partOf(this.#work)
    await patiently(this.#run, table.name, () =>
      barrier(this.#run.target, migrationId, { signal, enough: clearOf(table.source, part) }),
    )
    const parked = await withSession(this.#run, table.name, (session) =>
      parkedInPart(session, migrationId, { source: table.source, ...part }),
    )
    if (parked === 0) return
    throw new HyperferryError('HF-T014', {
      what: `${table.source}: ${parked} parked records hold rows that the backfill is responsible for; delivered later, they would stand there twice`,
      hint: 'See `hyperferry parked list`; requeue or discard them, then run `hyperferry backfill` again.',
      details: { table: table.source, parked },
    })
  }

  async #redo(): Promise<boolean> {
    return this.#byRange ? this.#redoRanges() : this.#redoAll()
  }

  async #redoRanges(): Promise<boolean> {
    const { table, tableId } = this.#work
    const touched = await withSession(this.#run, table.name, (session) =>
      touchedReceipts(session, tableId, partOf(this.#work).spanOf),
    )
    if (touched.length === 0) return false
    this.#tell(`${touched.length} ranges got late rows while they were copied and are done again`)
    await inParallel(
      this.#run,
      this.#options,
      each(touched),
      withSlot((slot, { id, lane, span }) =>
        replaceTask(this.#run, slot, this.#work, {
          lane,
          span,
          watcher: silent,
          makeChunks: async () => {},
          again: id,
          deletedAt: null,
        }),
      ),
    )
    await this.#reread()
    return true
  }

  async #redoAll(): Promise<boolean> {
    const { table, tableId } = this.#work
    if (!(await withSession(this.#run, table.name, (session) => isTouched(session, tableId)))) return false
    this.#tell('late rows came in while it was copied; it cannot be done again by ranges, so all of it is')
    await this.#copyLeft(true)
    return true
  }

  async #copyLeft(again: boolean): Promise<void> {
    const { table } = this.#work
    const deletedAt = this.#byRange
      ? null
      : await withSession(this.#run, table.name, (session) => clearPart(this.#run, session, this.#work, again))
    if (again) await this.#reread()
    await copyAll(
      this.#run,
      this.#work,
      this.#options,
      withSlot((slot, job) => replaceTask(this.#run, slot, this.#work, { ...job, again: null, deletedAt })),
    )
  }

  async #reread(): Promise<void> {
    const { table, tableId } = this.#work
    this.#options.progress.reread(await withSession(this.#run, table.name, (session) => booked(session, tableId)))
  }

  #tell(what: string): void {
    const { name } = this.#work.table
    this.#run.events.emit({ kind: 'note', table: name, code: null, message: `${name}: ${what}` })
  }
}

/** Rows that are done again are on the books already. */
const silent = { copied() {}, reread() {} }
