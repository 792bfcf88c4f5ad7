/** The end of an export: what the source counts by itself, and the manifest. */
import { HyperferryError } from '../../errors.ts'
import { Digest } from '../../values/digest.ts'
import { patiently } from '../../work/attempts.ts'
import type { Waiting } from '../../work/attempts.ts'
import type { ExportFolder } from '../../work/csv/folder.ts'
import { spanOfFile } from '../../work/csv/manifest.ts'
import type { ExportedFile, ExportHeader, ExportManifest } from '../../work/csv/manifest.ts'
import type { TableWork } from '../../work/table-work.ts'

/** Throws HF-B010 when the source counts other rows than the files hold. */
export async function finish(run: Waiting, work: TableWork, folder: ExportFolder): Promise<ExportManifest> {
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
