// A migration in a test: a real source, a real target, tables made and filled by the real steps.
import { installControl } from '../../../src/control/install.ts'
import { registerTables } from '../../../src/control/ledger.ts'
import { claimMigration } from '../../../src/control/migration-row.ts'
import type { EncodedBatch, Json, Plan, PlannedTable } from '../../../src/model.ts'
import { openSource } from '../../../src/source/registry.ts'
import type { Source, TableReader } from '../../../src/source/source.ts'
import { backfill } from '../../../src/steps/backfill.ts'
import type { StepContext } from '../../../src/steps/context.ts'
import { makePlan } from '../../../src/steps/plan.ts'
import { relational } from '../../../src/steps/relational.ts'
import { schema } from '../../../src/steps/schema.ts'
import { openTarget, type Target } from '../../../src/target/connect.ts'
import { tupleFields } from '../../../src/values/field-text.ts'
import { noEvents } from '../../../src/work/events.ts'

export interface Lab extends AsyncDisposable {
  ctx: StepContext
  /** SQL in the target, as its owner. */
  sql(text: string): Promise<void>
  /** Runs the steps that fill the target. */
  load(source?: Source): Promise<void>
}

export async function openLab(
  sourceUrl: string,
  targetUrl: string,
  planned: readonly PlannedTable[] | 'proposed',
  options: { taskRows?: number; timezone?: string; sampleRows?: number } = {},
): Promise<Lab> {
  const { signal } = new AbortController()
  const timezone = options.timezone ?? 'UTC'
  const source = await openSource(sourceUrl, { timezone, connections: 3, signal })
  const target = await openTarget(targetUrl, { connections: 4, signal })
  const tables =
    planned === 'proposed' ? await proposed(source, target, timezone, signal) : await withSourceTypes(source, planned)
  const plan: Plan = {
    migration: 'lab',
    source: { url: '', timezone, fingerprint: '' },
    target: { url: '', schema: 'lab', owner: null },
    tables: [...tables],
    exclude: [],
    dualWrite: { writers: null, maxLateness: '1 hour' },
    backfill: { workers: 2, taskRows: options.taskRows ?? 1000 },
    verify: { sampleRows: options.sampleRows ?? 10_000 },
  }
  const session = await target.session()
  await installControl(session)
  const { migrationId } = await claimMigration(session, {
    name: 'lab',
    planHash: '',
    planJson: plan as unknown as Json,
    source: source.info,
    targetIdentity: target.info.identity,
    tool: 'test',
    firstDifference: () => null,
  })
  await registerTables(session, migrationId, tables)
  await session.release()
  const ctx: StepContext = { plan, source, target, events: noEvents, signal, migrationId }
  return {
    ctx,
    async sql(text) {
      await target.query(text)
    },
    async load(from = source) {
      await schema(ctx)
      const accept = { acceptQuarantine: 1_000_000 }
      await relational({ ...ctx, source: from }, accept)
      await backfill({ ...ctx, source: from }, accept)
    },
    async [Symbol.asyncDispose]() {
      await source.close()
      await target.close()
    },
  }
}

/** What the plan step makes of the source, with everything of 5,000 rows or more as a series. */
async function proposed(
  source: Source,
  target: Target,
  timezone: string,
  signal: AbortSignal,
): Promise<PlannedTable[]> {
  const options = { full: true, seriesRows: 5000, timezone, targetSchema: 'lab' }
  return (await makePlan({ source, target, options, events: noEvents, signal })).plan.tables
}

/** Source types as the live database names them, where the test left them empty. */
async function withSourceTypes(source: Source, tables: readonly PlannedTable[]): Promise<PlannedTable[]> {
  const live = (await source.inventory()).tables
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map((column) => {
      const found = live.find((each) => each.name === table.source)?.columns.find((each) => each.name === column.source)
      return { ...column, sourceType: column.sourceType || (found?.type ?? '') }
    }),
  }))
}

export type Field = Uint8Array | null

/** What a wrong transcoder does to one column: gets each field and answers another one. */
export interface Wrong {
  /** Place of the column. */
  column: number
  change: (field: Field) => Field
}

/** The real source, but for transcoders that are wrong in one column; `wrongs` by source table. */
export function wrongTranscoder(source: Source, wrongs: ReadonlyMap<string, Wrong>): Source {
  const wrong = (table: PlannedTable, reader: TableReader): TableReader => ({
    count: (slice) => reader.count(slice),
    extent: () => reader.extent(),
    advance: (from, rows) => reader.advance(from, rows),
    second: reader.second,
    find: (key) => reader.find(key),
    async *read(slice) {
      const rule = wrongs.get(table.source)
      for await (const batch of reader.read(slice)) yield rule === undefined ? batch : changed(batch, rule)
    },
  })
  return {
    ...source,
    reader: (table) => wrong(table, source.reader(table)),
    snapshot: (use) => source.snapshot((view) => use({ reader: (table) => wrong(table, view.reader(table)) })),
  }
}

function changed(batch: EncodedBatch, { column, change }: Wrong): EncodedBatch {
  const tuples: Buffer[] = []
  let start = 0
  for (const end of batch.ends) {
    const fields = tupleFields(batch.bytes, start)
    fields[column] = change(fields[column] ?? null)
    tuples.push(tupleOf(fields))
    start = end
  }
  let end = 0
  return { ...batch, bytes: Buffer.concat(tuples), ends: Uint32Array.from(tuples, (tuple) => (end += tuple.length)) }
}

function tupleOf(fields: readonly Field[]): Buffer {
  const count = Buffer.alloc(2)
  count.writeInt16BE(fields.length)
  const parts = fields.flatMap((field) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(field === null ? -1 : field.length)
    return field === null ? [length] : [length, field]
  })
  return Buffer.concat([count, ...parts])
}
