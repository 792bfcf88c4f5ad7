/** Waiting until the store that follows has everything that the other one has had before: what still differs then differs for good. */
import { setTimeout as sleep } from 'node:timers/promises'
import { barrier, clearOf } from '../../control/barrier.ts'
import { writersOf } from '../../control/writers.ts'
import { HyperferryError } from '../../errors.ts'
import type { DualState, WriterInfo } from '../../model.ts'
import type { Session, Target } from '../../target/connect.ts'
import { withSession } from '../../target/with-session.ts'

export interface SettleOptions {
  target: Target
  migrationId: number
  state: Pick<DualState, 'primary'>
  signal: AbortSignal
  /** Default 30. */
  seconds?: number
}

/** What is compared of a table; rows elsewhere may be on their way. */
export interface Concern {
  /** Name in the source. */
  source: string
  /** Half-open interval of instants that are left out; null when some rows have no instant, so that none tells anything. */
  leftOut: { from: bigint; to: bigint } | null
}

/**
 * Returns when every row of the table that was committed in the primary store before the call, and is compared, is in the other one. Goes by the
 * records' numbers where rows that are compared come without a break, so that it ends however busy the writers are. Writers declared by hand cannot be
 * asked: they get two seconds. Throws HF-B030 (source primary) or HF-G012 (target primary) when it takes too long, HF-B022 when interrupted.
 */
export async function settle(options: SettleOptions, concern: Concern): Promise<void> {
  if (options.state.primary === 'target') return emptied(options)
  const answers = await barrier(options.target, options.migrationId, {
    seconds: options.seconds ?? 30,
    signal: options.signal,
    enough: (writer) => isClear(writer, concern) || isCounted(writer),
  })
  const busy = answers.filter((writer) => writer.kind === 'library' && !isClear(writer, concern))
  if (busy.length > 0) await delivered(options, concern, busy)
  if (answers.some(({ kind }) => kind === 'external')) await sleep(EXTERNAL_MS)
}

const POLL_MS = 50
const EXTERNAL_MS = 2000

/** Nothing of what is compared is on its way. */
function isClear(writer: WriterInfo, { source, leftOut }: Concern): boolean {
  if (writer.inFlight + writer.pending + writer.inDoubt === 0) return true
  return leftOut !== null && clearOf(source, { instant: leftOut.from, beyondInstant: leftOut.to })(writer)
}

/** Every write that the source may have by now has its number. */
function isCounted(writer: WriterInfo): boolean {
  return writer.inFlight + writer.inDoubt === 0
}

/** Records are delivered in the order of their numbers, so it is enough to see the last one of the answer arrive. */
async function delivered(options: SettleOptions, concern: Concern, busy: readonly WriterInfo[]): Promise<void> {
  const { migrationId } = options
  const goals = new Map<string, bigint>()
  await until(options, 'HF-B030', async (session) => {
    const open = new Map((await writersOf(session, migrationId)).map((writer) => [writer.id, writer]))
    const applied = await appliedOf(session, migrationId)
    const left: string[] = []
    for (const { id, name, pending } of busy) {
      const now = applied.get(id) ?? 0n
      // Read after the answer: too high at worst, and then a later answer says that nothing is left.
      const goal = goals.get(id) ?? now + BigInt(pending)
      goals.set(id, goal)
      const writer = open.get(id)
      if (now < goal && (writer === undefined || !isClear(writer, concern)))
        left.push(`${name} has ${goal - now} records`)
    }
    return left
  })
}

async function appliedOf(session: Session, migrationId: number): Promise<Map<string, bigint>> {
  const { rows } = await session.query<{ id: string; applied: string }>(
    `select w.id::text, i.applied::text from hyperferry.writer w join hyperferry.inbox i on i.journal = w.journal
     where w.migration_id = $1`,
    [migrationId],
  )
  return new Map(rows.map(({ id, applied }) => [id, BigInt(applied)]))
}

/** What stands in the outbox now is in the source. */
async function emptied(options: SettleOptions): Promise<void> {
  const { migrationId } = options
  const { rows } = await options.target.query<{ last: string | null }>(
    'select max(id)::text as last from hyperferry.outbox where migration_id = $1',
    [migrationId],
  )
  const last = rows[0]?.last ?? null
  if (last === null) return
  await until(options, 'HF-G012', async (session) => {
    const { rows: left } = await session.query<{ n: string }>(
      'select count(*)::text as n from hyperferry.outbox where migration_id = $1 and hyperferry.outbox.id <= $2',
      [migrationId, last],
    )
    return left[0]?.n === '0' ? [] : [`the outbox holds ${left[0]?.n ?? ''} records`]
  })
}

async function until(
  { target, signal, seconds = 30 }: SettleOptions,
  code: 'HF-B030' | 'HF-G012',
  left: (session: Session) => Promise<string[]>,
): Promise<void> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    if (signal.aborted) throw new HyperferryError('HF-B022', { what: 'waiting for the writers: interrupted' })
    const missing = await withSession(target, left, { extra: true })
    if (missing.length === 0) return
    if (performance.now() > end) throw new HyperferryError(code, { what: missing.join('; ') })
    await sleep(POLL_MS)
  }
}
