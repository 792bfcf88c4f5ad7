// The danger windows of a copy beside writers, one by one, and tools that are wrong in one way each: every one of them has to be seen.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { HyperferryError } from '../../packages/hyperferry/src/errors.ts'
import type { Slice } from '../../packages/hyperferry/src/model.ts'
import type { StepContext } from '../../packages/hyperferry/src/steps/context.ts'
import type { Session, Target } from '../../packages/hyperferry/src/target/connect.ts'
import { drive } from '../faults/drive.ts'
import type { Driven } from '../faults/drive.ts'
import { withQueries, withReads } from '../faults/mutants.ts'
import { describeWith } from '../servers/index.ts'
import { DAY, F, liveFindings, T } from './backfill-world.ts'
import type { LiveTable } from './backfill-world.ts'
import { begun } from './begun.ts'
import type { Begun } from './begun.ts'
import { DeliveringWriter } from './delivering-writer.ts'

const describe = await describeWith('pg17', 'ts-sid')

type Change = (ctx: StepContext) => StepContext

type Stand = Omit<Begun, 'random'> & { writer: DeliveringWriter }

async function stand(server: 'pg17' | 'ts-sid' = 'pg17', tables: LiveTable[] = ['event']): Promise<Stand> {
  const { world, run, ask } = await begun({ server, rows: 300, seed: 3, taskRows: 60, workers: 1, tables })
  const writer = await new DeliveringWriter({
    name: 'w',
    source: world.source,
    targetUrl: run.targetUrl,
    heartbeatMs: 10,
  }).start()
  let stopped: Promise<void> | null = null
  onTestFinished(() => (stopped ??= writer.stop()))
  return { world, run, writer, ask }
}

/** Does something once, when a range that holds the instant is about to be read: its snapshot is opened afterwards. */
function beforeReading(at: number, act: () => Promise<void>): Change {
  let done = false
  const holds = (slice: Slice): boolean =>
    slice.kind === 'all' ||
    (slice.kind === 'range' &&
      (slice.from === null || slice.from <= BigInt(at)) &&
      (slice.to === null || slice.to > BigInt(at)))
  return (ctx) =>
    withReads(ctx, async function* (slice, batches) {
      if (!done && holds(slice)) {
        done = true
        await act()
      }
      yield* batches
    })
}

const OLD = T - 3 * DAY

/** In the source before the snapshot, in the target long after the range was committed: the one order that ends in a double. */
function lateArrival({ run, writer }: Stand, delayMs = 300): Promise<Driven> {
  return drive(run, { change: lateChange(writer, delayMs) })
}

/** `delayMs` null: the row stays with the writer until the run is over. */
function lateChange(writer: DeliveringWriter, delayMs: number | null = 300): Change {
  return beforeReading(OLD, async () => {
    await writer.write('event', [{ id: 5_000_000, at: OLD, tag: 'late' }])
    if (delayMs !== null) void sleep(delayMs).then(() => writer.deliver(1))
  })
}

/** The session of `extra` statements in the way of what the tool sends. */
function wrapped(ctx: StepContext, wrap: (session: Session) => Session): StepContext {
  const target = new Proxy<Target>(ctx.target, {
    get(of, key) {
      if (key === 'session') return async (options?: { extra?: boolean }) => wrap(await of.session(options))
      const value: unknown = Reflect.get(of, key, of)
      return typeof value === 'function' ? (value.bind(of) as unknown) : value
    },
  })
  return { ...ctx, target }
}

describe('danger windows', () => {
  for (const server of ['pg17', 'ts-sid'] as const) {
    test(`committed before the snapshot, delivered after the range was done: done again (${server})`, async () => {
      const at = await stand(server)
      await lateArrival(at)
      expect(await liveFindings(at.world.source, at.run.targetUrl, ['event'])).toEqual([])
      // The book says what stands there: the late row was copied.
      expect(await at.ask(`select sum(rows)::int as n from hyperferry.receipt`)).toEqual([{ n: 301 }])
    })
  }

  test('delivered before the delete: deleted and copied, once', async () => {
    const { world, run, writer } = await stand()
    await writer.write('event', [{ id: 1, at: OLD, tag: 'before' }])
    await writer.deliver(1)
    await drive(run)
    expect(await liveFindings(world.source, run.targetUrl, ['event'])).toEqual([])
  })

  test('delivered between delete and snapshot: seen as late, done again', async () => {
    const { world, run, writer } = await stand()
    const change = beforeReading(OLD, async () => {
      await writer.write('event', [{ id: 1, at: OLD, tag: 'between' }])
      await writer.deliver(1)
    })
    await drive(run, { change })
    expect(await liveFindings(world.source, run.targetUrl, ['event'])).toEqual([])
  })

  test('a table that cannot be cut by time: done again as a whole', async () => {
    const { world, run, writer, ask } = await stand('ts-sid', ['line'])
    const change = beforeReading(1, async () => {
      await writer.write('line', [{ id: 1, at: OLD, tag: 'late' }])
      void sleep(200).then(() => writer.deliver(1))
    })
    await drive(run, { change })
    expect(await liveFindings(world.source, run.targetUrl, ['line'])).toEqual([])
    expect(await ask('select sum(rows)::int as n from hyperferry.receipt')).toEqual([{ n: 301 }])
  })

  test('a transaction that was writing when the range was begun is waited for', async () => {
    const { world, run, ask } = await stand()
    // As one without the library, which leaves no late op: only the wait makes its row visible to the delete.
    await world.source.insert('event', [{ id: 1, at: OLD, tag: 'slow' }])
    const client = new pg.Client({ connectionString: run.targetUrl })
    await client.connect()
    await client.query('begin')
    await client.query(`insert into plant.event values (1, to_timestamp(${OLD} / 1000.0), 'slow')`)
    const copied = drive(run)
    await sleep(400)
    expect(await ask('select from hyperferry.receipt where lane = 0')).toEqual([])
    await client.query('commit')
    await client.end()
    await copied
    expect(await liveFindings(world.source, run.targetUrl, ['event'])).toEqual([])
  })

  test('late rows without end are told of', async () => {
    const { run, writer } = await stand()
    let stop = false
    const stream = (async () => {
      for (let n = 0; !stop; n += 1) {
        await writer.write('event', [{ id: n, at: OLD, tag: 'endless' }])
        await writer.deliver(10)
        await sleep(2)
      }
    })()
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-B031', exitCode: 4 })
    stop = true
    await stream
    // With the stream gone the same command ends well.
    await drive(run)
  })
})

describe('mutants', () => {
  const seen = async (at: Stand, change: Change, tables: LiveTable[]): Promise<string> => {
    const error = await drive(at.run, { change }).then(
      () => '',
      (failed: unknown) => {
        // Only what the tool itself says counts as seen.
        if (!(failed instanceof HyperferryError) || failed.code === 'HF-X001') throw failed
        return failed.code
      },
    )
    await sleep(500)
    await at.writer.deliver(100)
    return [error, ...(await liveFindings(at.world.source, at.run.targetUrl, tables))].join()
  }

  test('no barrier at the end', async () => {
    const at = await stand()
    const noBarrier: Change = (ctx) =>
      withQueries(ctx, async (sql, query) => {
        if (sql.startsWith('update hyperferry.dual_write set barrier'))
          return [await query('select 0::text as barrier where $1::int > 0')]
        return [await query(sql.replace('from hyperferry.writer where', 'from hyperferry.writer where false and'))]
      })
    expect(await seen(at, (ctx) => noBarrier(lateChange(at.writer, null)(ctx)), ['event'])).toMatch(/1 rows too many/)
  })

  test('no redo', async () => {
    const at = await stand()
    const noRedo: Change = (ctx) =>
      withQueries(ctx, async (sql, query) => [
        await query(
          /select id::text, lower\(span\).* from hyperferry.late_op/.test(sql)
            ? sql.replace('where table_id = $1', 'where table_id = -($1::int)')
            : sql,
        ),
      ])
    expect(await seen(at, (ctx) => noRedo(lateChange(at.writer)(ctx)), ['event'])).toMatch(/1 rows too many/)
  })

  test('no redo after a crash: the receipts remember, so there is nothing to forget', async () => {
    const at = await stand()
    const stop = new AbortController()
    // The tool ends between the last range and the barrier.
    const dies: Change = (ctx) =>
      withQueries(lateChange(at.writer)(ctx), async (sql, query) => {
        const done = await at.ask(
          `select count(*) > 0 as done from hyperferry.receipt where upper_inf(span) and lane = 0`,
        )
        if (sql.startsWith('update hyperferry.dual_write set barrier') && (done[0] as { done: boolean }).done)
          stop.abort()
        return [await query()]
      })
    await expect(drive(at.run, { change: dies, signal: stop.signal })).rejects.toMatchObject({ code: 'HF-B022' })
    await at.writer.deliver(1)
    expect((await liveFindings(at.world.source, at.run.targetUrl, ['event'])).join()).toMatch(/1 rows too many/)
    const { backfill } = await drive(at.run)
    expect(backfill?.tables.map(({ status }) => status)).toEqual(['done'])
    expect(await liveFindings(at.world.source, at.run.targetUrl, ['event'])).toEqual([])
    expect((await drive(at.run)).backfill?.tables.map(({ status }) => status)).toEqual(['unchanged'])
  })

  test('the snapshot before the delete', async () => {
    const at = await stand()
    const deleteLate: Change = (ctx) =>
      wrapped(ctx, (session) => {
        const held: string[] = []
        return new Proxy(session, {
          get(of, key) {
            if (key === 'query')
              return async (sql: string, params?: readonly unknown[]) => {
                if (sql.startsWith('delete from "plant"')) {
                  held.push(sql)
                  return { rows: [], rowCount: 0, command: 'DELETE' }
                }
                return of.query(sql, params)
              }
            if (key === 'copyIn')
              return async (sql: string, chunks: AsyncIterable<Uint8Array>) => {
                // What the right tool would have read after the delete comes in between.
                await at.writer.write('event', [{ id: 1, at: OLD, tag: `hit ${held.length}` }])
                await at.writer.deliver(1)
                for (const each of held.splice(0)) await of.query(each)
                return of.copyIn(sql, chunks)
              }
            const value: unknown = Reflect.get(of, key, of)
            return typeof value === 'function' ? (value.bind(of) as unknown) : value
          },
        })
      })
    // Also without redo, which would heal it: the order alone is what is looked at.
    const noRedo: Change = (ctx) =>
      withQueries(ctx, async (sql, query) => [
        await query(
          sql.includes('from hyperferry.late_op')
            ? sql.replace('where table_id = $1', 'where table_id = -($1::int)')
            : sql,
        ),
      ])
    expect(await seen(at, (ctx) => noRedo(deleteLate(ctx)), ['event'])).toMatch(/rows missing|HF-B010/)
  })

  /** The tool reads other completion points than the writers and the control schema have. */
  const withPoint =
    (
      change: (point: { instant: string; position: string; beyondInstant: string; beyondPosition: string }) => void,
    ): Change =>
    (ctx) =>
      withQueries(ctx, async (sql, query) => {
        const result = await query()
        if (sql.includes('from hyperferry.completion_point c join'))
          for (const row of result.rows) change(row as Parameters<typeof change>[0])
        return [result]
      })

  test('T a step too early', async () => {
    const at = await stand()
    const early = withPoint((point) => {
      point.instant = String((T - 1) * 1000)
      point.position = String(T - 1)
    })
    expect(await seen(at, early, ['event'])).toMatch(/rows missing/)
  })

  test('T a step too late', async () => {
    const at = await stand()
    // A row of the writers' part, committed before the copy and delivered after it: no late op says so.
    await at.writer.write('event', [{ id: 1, at: T, tag: 'first' }])
    const late = withPoint((point) => {
      point.instant = String((T + 1) * 1000)
      point.position = String(T + 1)
    })
    const noWait: Change = (ctx) =>
      withQueries(ctx, async (sql, query) => [
        await query(sql.replace('from hyperferry.writer where', 'from hyperferry.writer where false and')),
      ])
    expect(await seen(at, (ctx) => noWait(late(ctx)), ['event'])).toMatch(/1 rows too many/)
  })

  test('a filter that knows no F', async () => {
    const at = await stand('pg17', ['gauge'])
    const endless = withPoint((point) => (point.beyondInstant = String(2n ** 62n)))
    expect(await seen(at, endless, ['gauge'])).toMatch(/rows missing/)
    expect(F).toBeGreaterThan(T)
  })

  test('a filter that knows no T: rows of the writers are copied', async () => {
    const at = await stand('pg17', ['line'])
    await at.writer.write('line', [{ id: 1, at: T + DAY, tag: 'new' }])
    const open = withPoint((point) => (point.instant = String(F * 1000)))
    const noWait: Change = (ctx) =>
      withQueries(ctx, async (sql, query) => [
        await query(sql.replace('from hyperferry.writer where', 'from hyperferry.writer where false and')),
      ])
    expect(await seen(at, (ctx) => noWait(open(ctx)), ['line'])).toMatch(/1 rows too many/)
  })

  test('without a fault nothing of that is seen', async () => {
    const at = await stand('pg17', ['event', 'line', 'gauge', 'metric'])
    expect(await seen(at, (ctx) => ctx, ['event', 'line', 'gauge', 'metric'])).toBe('')
  })
})
