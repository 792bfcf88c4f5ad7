/** Whether a file may be loaded beside live writers (docs/design/0009, 0012). */
import { HyperferryError } from '../../errors.ts'
import { MAIN_LANE } from '../../model.ts'
import type { Span } from '../../model.ts'
import type { TableWork } from '../table-work.ts'
import { taskOf } from './manifest.ts'
import type { ExportedFile, ExportManifest } from './manifest.ts'

/**
 * Throws HF-E016 when the file holds rows of the writers' part, or lacks rows of the backfill's. A file of a table that is split by time ends before T or it does not; of
 * others, and of rows without a position, the rows were taken apart by their time when they were exported, and that must have been for this T.
 */
export function fitsPart(
  work: TableWork,
  folder: string,
  { manifest, file }: { manifest: ExportManifest; file: ExportedFile },
): void {
  const { part, table } = work
  const { lane, span } = taskOf(file)
  const refuse = (why: string, hint?: string): never => {
    throw new HyperferryError('HF-E016', {
      what: `${folder}/${file.file}: ${why}`,
      ...(hint === undefined ? {} : { hint }),
      details: { table: table.source, file: file.file },
    })
  }
  if (part === null) {
    if (manifest.point !== null)
      refuse('it was exported for a completion point, and there is none', 'Export again without --to T.')
    return
  }
  const inside = part.spans.some((each) => contains(each, span))
  if (lane === MAIN_LANE && !inside) refuse('it holds rows that are not older than T')
  const { point } = manifest
  const same = point?.instant === String(part.instant) && point.beyondInstant === String(part.beyondInstant)
  if (table.mode === 'replace') {
    if (!part.byRange)
      refuse(
        'this table can only be deleted and copied as a whole beside its writers',
        'Copy it from the source: `hyperferry backfill` without --from-csv.',
      )
    // Only then is it known which late rows the files cannot hold.
    if (!same) refuse('it was not exported for this completion point')
    return
  }
  const whole = part.byRange && lane === MAIN_LANE
  // Where there was nothing there was nothing to take apart.
  const nothing = point === null && file.rows === 0
  if (!same && !whole && !nothing) refuse('it was not exported for this completion point')
}

function contains(outer: Span, inner: Span): boolean {
  const begins = outer.from === null || (inner.from !== null && inner.from >= outer.from)
  const ends = outer.to === null || (inner.to !== null && inner.to <= outer.to)
  return begins && ends
}
