/** What the source says now of rows in quarantine. */
import type { KeptRow } from '../../control/settle-quarantine.ts'
import type { EncodedBatch } from '../../model.ts'
import type { TableWork } from '../../work/table-work.ts'
import type { StepContext } from '../context.ts'
import { byReceipt } from './by-receipt.ts'
import { findSent } from './find-sent.ts'
import type { Now, ReadAgain } from './now.ts'
import { sourceTexts } from './source-texts.ts'

/** By the source's own key where there is one; else what was sent before is looked for where it was. */
export async function readAgain(ctx: StepContext, work: TableWork, rows: readonly KeptRow[]): Promise<ReadAgain[]> {
  const found: ReadAgain[] = []
  const sent: KeptRow[] = []
  for (const row of rows) {
    const answer = work.reader.find(row.sourceKey ? row.key : sourceTexts(work, row, ctx.plan.source.timezone))
    if (answer !== null) found.push({ row, now: await nowOf(answer) })
    else if (row.sourceKey) found.push({ row, now: keyless(work) })
    else sent.push(row)
  }
  for (const same of byReceipt(sent, ({ receiptId }) => receiptId).values())
    found.push(...(await findSent(ctx, work, same)))
  return found
}

function keyless({ table }: TableWork): Now {
  return { kind: 'unknown', code: 'HF-Q005', reason: `${table.source} has no key in the source to find the row by` }
}

async function nowOf(answer: AsyncIterable<EncodedBatch>): Promise<Now> {
  const batches: EncodedBatch[] = []
  for await (const batch of answer) batches.push(batch)
  const rejected = batches.flatMap((batch) => batch.rejected)
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0)
  if (rows + rejected.length > 1) {
    return { kind: 'unknown', code: 'HF-Q005', reason: 'the source has several rows of this key' }
  }
  if (rejected[0] !== undefined) return { kind: 'rejected', rejected: rejected[0] }
  const batch = batches.find((each) => each.rows === 1)
  if (batch === undefined) return { kind: 'gone' }
  return { kind: 'row', tuple: batch.bytes.slice(0, batch.ends[0]), losses: batch.losses }
}
