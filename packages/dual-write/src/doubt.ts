/** Finds out what became of writes whose outcome is unknown: of this process, and of the one before it that was killed. */
import { compiledFor, sourceBatch } from './batches.ts'
import { nowUs } from './clock.ts'
import type { WriterContext } from './context.ts'
import type { DoubtfulOp } from './journal/journal.ts'

/** Settles what can be settled now; true when something was. Throws what passes by itself. */
export async function settleDoubts(ctx: WriterContext): Promise<boolean> {
  let some = false
  for (const op of await ctx.journal.doubtful()) {
    if (await settle(ctx, op)) some = true
  }
  if (some) ctx.wake.deliver()
  return some
}

async function settle(ctx: WriterContext, { seq, record }: DoubtfulOp): Promise<boolean> {
  const { contracts, journal, settings } = ctx
  if (contracts === null) return false
  // A marker decides at once and for ever. Keys can only be looked for, so a late commit has to be waited out first.
  const marked = record.marked && ctx.markers
  if (!marked && nowUs() - record.at < BigInt(settings.graceMs) * 1000n) return false
  const batch = sourceBatch(compiledFor(contracts.tables, record), record)
  const { answer, present, captured } = await settings.source.settle(batch, {
    journal: journal.id,
    seq,
    marked: record.marked,
  })
  switch (answer) {
    case 'absent':
      await journal.abort(seq)
      return true
    case 'present':
      if (batch.capture !== null && captured === undefined) return suspect(ctx, { seq, record })
      await journal.commit(seq, {
        ...(present === undefined ? {} : { only: present }),
        ...(batch.capture === null || captured === undefined
          ? {}
          : { captured: { column: batch.capture, values: captured } }),
      })
      return true
    case 'unknown':
      return marked || batch.key !== null ? false : suspect(ctx, { seq, record })
  }
}

/** Nobody can tell. The op is given up only once the control schema has it as a suspect window, which closes the gates until everything was compared. */
async function suspect(ctx: WriterContext, { seq, record }: DoubtfulOp): Promise<boolean> {
  const { control, journal, settings, writerId } = ctx
  if (writerId === null) return false
  const reason = 'a write ended without an answer, and the source has neither marker nor key to ask for it'
  await control.suspect(writerId, record.collection, record.at, reason)
  await journal.abort(seq)
  settings.onEvent({ kind: 'suspect', collection: record.collection, reason })
  return true
}
