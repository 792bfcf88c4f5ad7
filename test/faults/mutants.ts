// Tools that are wrong in one way each. The suite has to find every one of them, or it proves nothing.
import type { EncodedBatch, PlannedTable, Slice } from '../../packages/hyperferry/src/model.ts'
import type { TableReader } from '../../packages/hyperferry/src/source/source.ts'
import type { StepContext } from '../../packages/hyperferry/src/steps/context.ts'
import type { Session, Target } from '../../packages/hyperferry/src/target/connect.ts'

export type Mutant =
  /** Rows without a position are forgotten. */
  | 'residual-skipped'
  /** The last row of each range is lost, as with an inclusive bound taken for an exclusive one. */
  | 'row-lost'
  /** The first row of each range is read twice. */
  | 'row-twice'
  /** The receipt is committed before the data. */
  | 'receipt-apart'
  /** The data is committed before the receipt is complete. */
  | 'data-apart'
  /** Receipts are never read again after an error. */
  | 'receipts-forgotten'

/** The context with the mutant's fault built in. */
export function mutate(mutant: Mutant | undefined, ctx: StepContext): StepContext {
  switch (mutant) {
    case undefined:
      return ctx
    case 'residual-skipped':
      return withReads(ctx, (slice, batches) => (slice.kind === 'residual' ? none() : batches))
    case 'row-lost':
      return withReads(ctx, (_slice, batches) => changed(batches, (batch) => cut(batch, 0, batch.rows - 1)))
    case 'row-twice':
      return withReads(ctx, (_slice, batches) => doubled(batches))
    case 'receipt-apart':
      return withQueries(ctx, async (sql, query) => {
        const result = await query()
        return sql.startsWith('insert into hyperferry.receipt') ? [result, 'commit', 'begin'] : [result]
      })
    case 'data-apart':
      return withQueries(ctx, async (sql, query, run) => {
        if (sql.startsWith('update hyperferry.receipt')) {
          await run('commit')
          await run('begin')
        }
        return [await query()]
      })
    case 'receipts-forgotten':
      return withQueries(ctx, async (sql, query) => [
        await query(
          sql.replace(
            // What is left to do, not whether the table was begun: else its rows would be taken for somebody else's (HF-S011).
            'from hyperferry.receipt where table_id = $1 and lane',
            'from hyperferry.receipt where table_id = -($1::int) and lane',
          ),
        ),
      ])
  }
}

export type Batches = AsyncIterable<EncodedBatch>

/** `change` takes the rows of a slice of a table on their way out of the source. */
export function withReads(
  ctx: StepContext,
  change: (slice: Slice, batches: Batches, table: PlannedTable) => Batches,
): StepContext {
  const reader = (table: PlannedTable): TableReader => {
    const real = ctx.source.reader(table)
    return { ...real, read: (slice) => change(slice, real.read(slice), table) }
  }
  const source = new Proxy(ctx.source, { get: (of, key) => (key === 'reader' ? reader : bound(of, key)) })
  return { ...ctx, source }
}

type Result = Awaited<ReturnType<Session['query']>>
type Change = (
  sql: string,
  /** Another text may take the place of the statement's. */
  query: (text?: string) => Promise<Result>,
  run: (sql: string) => Promise<unknown>,
) => Promise<(Result | string)[]>

/** `change` returns the result and then statements to run after it. */
export function withQueries(ctx: StepContext, change: Change): StepContext {
  const wrap = (session: Session): Session =>
    new Proxy(session, {
      get(of, key) {
        if (key !== 'query') return bound(of, key)
        return async (sql: string, params?: readonly unknown[]) => {
          const [result, ...after] = await change(
            sql,
            (text = sql) => of.query(text, params),
            (text) => of.query(text),
          )
          for (const text of after) await of.query(text as string)
          return result
        }
      },
    })
  const target = new Proxy<Target>(ctx.target, {
    get: (of, key) =>
      key === 'session' ? async (options?: { extra?: boolean }) => wrap(await of.session(options)) : bound(of, key),
  })
  return { ...ctx, target }
}

function bound(of: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(of, key, of)
  return typeof value === 'function' ? (value.bind(of) as unknown) : value
}

async function* none(): Batches {}

async function* changed(batches: Batches, change: (batch: EncodedBatch) => EncodedBatch): Batches {
  for await (const batch of batches) yield batch.rows === 0 ? batch : change(batch)
}

async function* doubled(batches: Batches): Batches {
  for await (const batch of batches) {
    yield batch
    if (batch.rows > 0) yield { ...cut(batch, 0, 1), rejected: [], losses: [] }
  }
}

function cut(batch: EncodedBatch, from: number, to: number): EncodedBatch {
  const ends = batch.ends.slice(from, to)
  return { ...batch, rows: to - from, bytes: batch.bytes.slice(0, ends.at(-1) ?? 0), ends }
}
