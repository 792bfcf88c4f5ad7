/** One `write()`: to the primary store, with everything that makes the other one follow. */
import { missingIdentity, sourceBatch, targetBatch, withCaptured } from './batches.ts'
import { nowUs } from './clock.ts'
import type { CompiledCollection } from './contract/compile.ts'
import type { WriterContext } from './context.ts'
import type { RoleState } from './control.ts'
import { NotAdmittedError, OutcomeUnknownError, PrimaryFailedError } from './errors.ts'
import { encodeRecord } from './journal/codec.ts'
import type { OpRecord, Side } from './model.ts'
import { plainBatch } from './pass-through.ts'
import { isSingle } from './roles.ts'
import type { Admission } from './roles.ts'
import { insertRows } from './stores/pg-insert.ts'
import { lowOf, timesOf } from './times.ts'

export type Row = Readonly<Record<string, unknown>>

export interface WriteResult {
  /** Names this write; null when it went to one store only. */
  opId: string | null
  epoch: number
  /** The store that has the rows now. */
  primary: Side
  /** The other one: they are on their way for certain, or it does not take part. */
  secondary: 'queued' | 'none'
  /** Values that the primary store gave to an identity column, in the order of the rows. */
  captured: (number | bigint | string)[] | null
}

/** Resolves when the primary store has all rows. Throws the errors of errors.ts; after any but OutcomeUnknownError no row is anywhere. */
export async function write(ctx: WriterContext, table: string, rows: readonly Row[]): Promise<WriteResult> {
  for (;;) {
    const admission = await ctx.roles.admit(ctx.settings.admissionMs)
    try {
      const result = await dispatch(ctx, admission, table, rows)
      if (result !== 'roles changed') return result
    } finally {
      admission.end()
    }
    // The transaction was refused because of its epoch, so nothing is written: find out who is primary now.
    ctx.wake.heartbeat()
    await changeOf(ctx, admission.state)
  }
}

async function dispatch(
  ctx: WriterContext,
  { state }: Admission,
  table: string,
  rows: readonly Row[],
): Promise<WriteResult | 'roles changed'> {
  const epoch = state?.epoch ?? 0
  if (rows.length === 0)
    return { opId: null, epoch, primary: state?.primary ?? 'source', secondary: 'none', captured: null }
  if (ctx.contracts === null) return writeAsGiven(ctx, { table, rows, epoch })
  const compiled = ctx.contracts.tables.get(table)
  if (compiled === undefined) throw new NotAdmittedError(`table "${table}" is not in the contract`, 'unknown-stage')
  const record = recordOf(ctx, compiled, rows)
  if (isSingle(state)) return writeAlone(ctx, compiled, record, epoch)
  if (state?.primary === 'target') return writeToTarget(ctx, compiled, record, state)
  return writeToSource(ctx, compiled, record, epoch)
}

function recordOf(ctx: WriterContext, compiled: CompiledCollection, rows: readonly Row[]): OpRecord {
  const at = nowUs()
  const { columns, rows: cells } = compiled.normalise(rows)
  const record: OpRecord = {
    collection: compiled.contract.source,
    columns,
    rows: cells,
    at,
    low: null,
    marked: ctx.markers,
  }
  return { ...record, low: lowOf(compiled, record, at) }
}

/** Before there is a contract: a pass-through. */
async function writeAsGiven(
  ctx: WriterContext,
  { table, rows, epoch }: { table: string; rows: readonly Row[]; epoch: number },
): Promise<WriteResult> {
  const { values } = await single(ctx, () => ctx.settings.source.write(plainBatch(table, rows), null))
  return { opId: null, epoch, primary: 'source', secondary: 'none', captured: values }
}

/** Stage off: the value contract holds already, so that nothing changes for the application when the stage does. */
// eslint-disable-next-line max-params -- as its neighbours
async function writeAlone(
  ctx: WriterContext,
  compiled: CompiledCollection,
  record: OpRecord,
  epoch: number,
): Promise<WriteResult> {
  const { values } = await single(ctx, () => ctx.settings.source.write(sourceBatch(compiled, record), null))
  noteLateness(ctx, compiled, record)
  return { opId: null, epoch, primary: 'source', secondary: 'none', captured: values }
}

/** A write of which the other store never hears; when its outcome is unknown it delays the moment from which all writes are in both. */
async function single<T>(ctx: WriterContext, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const { outcome, retry } = ctx.settings.source.classify(error)
    if (outcome === 'definite')
      throw new PrimaryFailedError('the source refused the write', error, retry === 'transient')
    ctx.singlesSettledAt = performance.now() + ctx.settings.graceMs
    throw new OutcomeUnknownError('the source did not say whether it has the write', '', error)
  }
}

// eslint-disable-next-line max-params -- as its neighbours
async function writeToSource(
  ctx: WriterContext,
  compiled: CompiledCollection,
  record: OpRecord,
  epoch: number,
): Promise<WriteResult> {
  const { journal, settings } = ctx
  const seq = await journal.intent(record)
  const opId = `${journal.id}/${seq}`
  const batch = sourceBatch(compiled, record)
  let values: (number | bigint | string)[] | null
  try {
    ;({ values } = await settings.source.write(batch, { journal: journal.id, seq, marked: record.marked }))
  } catch (error) {
    const { outcome, retry } = settings.source.classify(error)
    if (outcome === 'definite') {
      // Without the mark the intent would be found in doubt after a restart and settled as absent: the same.
      await journal.abort(seq).catch(() => journal.doubt(seq))
      throw new PrimaryFailedError('the source refused the write', error, retry === 'transient')
    }
    journal.doubt(seq)
    ctx.wake.settle()
    throw new OutcomeUnknownError('the source did not say whether it has the write', opId, error)
  }
  const captured = batch.capture !== null && values !== null ? { captured: { column: batch.capture, values } } : {}
  try {
    await journal.commit(seq, captured)
  } catch {
    // The source has the rows and the intent is on disk: that is an op in doubt, and settling it will find it present.
    journal.doubt(seq)
    ctx.wake.settle()
  }
  ctx.wake.deliver()
  noteLateness(ctx, compiled, record)
  return { opId, epoch, primary: 'source', secondary: 'queued', captured: values }
}

// eslint-disable-next-line max-params -- as its neighbours
async function writeToTarget(
  ctx: WriterContext,
  compiled: CompiledCollection,
  record: OpRecord,
  { epoch, stage }: RoleState,
): Promise<WriteResult | 'roles changed'> {
  const { writerId, settings } = ctx
  if (writerId === null) throw new NotAdmittedError('the control schema cannot be reached', 'unknown-stage')
  const opId = `${writerId}/${record.at}`
  try {
    const values = await settings.target.transaction(async (query) => {
      await query('select hyperferry.w1_begin($1, $2)', [writerId, epoch])
      const identity = missingIdentity(compiled, record)
      const given = await insertRows(query, targetBatch(compiled, record, true), 'strict')
      const whole =
        identity === null || given.values === null ? record : withCaptured(record, identity.source, given.values)
      if (stage === 'live') {
        await query('select hyperferry.w1_outbox($1, $2, $3)', [writerId, epoch, `[${encodeRecord(whole)}]`])
      }
      return given.values
    })
    if (stage === 'live') ctx.wake.outbox()
    noteLateness(ctx, compiled, record)
    return { opId, epoch, primary: 'target', secondary: stage === 'live' ? 'queued' : 'none', captured: values }
  } catch (error) {
    const { outcome, retry, code } = settings.target.classify(error)
    if (outcome === 'definite') {
      if (code === 'HF004' || code === 'HF005') return 'roles changed'
      if (code === 'HF003') throw new NotAdmittedError('this writer was closed by the tool', 'closed', error)
      throw new PrimaryFailedError('the target refused the write', error, retry === 'transient')
    }
    throw new OutcomeUnknownError('the target did not say whether it has the write', opId, error)
  }
}

function noteLateness(ctx: WriterContext, compiled: CompiledCollection, record: OpRecord): void {
  const offset = BigInt(ctx.clock.best?.offsetUs ?? 0)
  ctx.lateness.note(record.collection, timesOf(compiled, record), nowUs() - offset)
}

/** Waits for the next heartbeat to bring other roles than `before`, a moment at the most; the admission looks again then. */
async function changeOf(ctx: WriterContext, before: RoleState | null): Promise<void> {
  const end = performance.now() + 100
  while (ctx.roles.state === before && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
