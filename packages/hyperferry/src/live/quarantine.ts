/** Command `quarantine`: opens what it needs and runs the step. */
import { countOpen, listQuarantine } from '../control/quarantine.ts'
import type { QuarantinedRow } from '../control/quarantine.ts'
import type { Found, Selection } from '../control/settle-quarantine.ts'
import { startedMigration } from '../control/started.ts'
import { HyperferryError } from '../errors.ts'
import type { Plan } from '../model.ts'
import { confirmed, mutate } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import { withStarted } from '../open-migration.ts'
import type { PlanOptions } from '../open-migration.ts'
import type { Preview } from '../preview.ts'
import { recorded } from '../recorded.ts'
import type { StepContext } from '../steps/context.ts'
import { discard, fix, retry, settleable } from '../steps/quarantine.ts'
import type { Fix, SettledRows } from '../steps/quarantine.ts'
import { onTarget, started, underLock } from '../target-only.ts'
import { withSession } from '../target/with-session.ts'

export type { QuarantinedRow } from '../control/quarantine.ts'
export type { Fix, SettledRows } from '../steps/quarantine.ts'

export interface QuarantineDocument {
  /** Rows in quarantine in all. */
  open: number
  rows: (Omit<QuarantinedRow, 'values' | 'hash' | 'settledValues'> & {
    /** Only when asked for. */
    values?: Record<string, string | null>
    settledValues?: Record<string, string | null> | null
  })[]
}

export interface ListRequest extends PlanOptions {
  /** Names (source or target); default all. */
  tables?: readonly string[]
  codes?: readonly string[]
  /** Default 100. */
  limit?: number
  /** Also rows that were settled. */
  all?: boolean
  showValues?: boolean
}

/** Rows in quarantine, oldest first, table by table; values only with `showValues`. */
export async function quarantineList(options: ListRequest): Promise<QuarantineDocument> {
  const limit = options.limit ?? 100
  const rows: QuarantinedRow[] = []
  const open = await quarantineRows(options, (some) => {
    rows.push(...some.slice(0, limit - rows.length))
    return rows.length < limit
  })
  return { open, rows: rows.map((row) => shown(row, options.showValues === true)) }
}

/** Gives all of them to `take`, some at a time, with their values, until it answers false. Returns how many are in quarantine in all. */
export async function quarantineRows(
  options: Omit<ListRequest, 'limit' | 'showValues'>,
  take: (rows: readonly QuarantinedRow[]) => boolean,
): Promise<number> {
  return onTarget(options, ({ target, plan }) =>
    withSession(target, async (session) => {
      const { id: migrationId } = await startedMigration(session, plan.migration)
      const wanted = options.tables?.map((name) => sourceName(plan, name)) ?? [undefined]
      const filter = { all: options.all === true, ...(options.codes ? { codes: options.codes } : {}) }
      for (const table of wanted) {
        let after: string | undefined = '0'
        while (after !== undefined) {
          const page = await listQuarantine(session, migrationId, {
            ...filter,
            after,
            limit: PAGE,
            ...(table === undefined ? {} : { table }),
          })
          after = page.length < PAGE ? undefined : page.at(-1)?.id
          if (page.length > 0 && !take(page)) break
        }
      }
      const open = await countOpen(session, migrationId)
      return open.reduce((sum, one) => sum + Number(one.count), 0)
    }),
  )
}

/** Rows of one answer of the server: each may hold megabytes. */
const PAGE = 100

function shown(
  { values, hash: _hash, settledValues, ...row }: QuarantinedRow,
  showValues: boolean,
): QuarantineDocument['rows'][number] {
  return showValues ? { ...row, values, settledValues } : row
}

/** Which rows are meant; names of tables are those of the source or the target. Nothing given: all that are open. */
export interface Meant {
  ids?: readonly string[]
  tables?: readonly string[]
  codes?: readonly string[]
}

/** Puts rows into the target with values that a person gives. */
export async function quarantineFix(
  options: MutatingOptions & { fixes: readonly Fix[] },
): Promise<SettledRows | Previewed> {
  const { fixes } = options
  const columns = new Map(fixes.map(({ id, set }) => [id, Object.keys(set).join(', ')]))
  return onBoth(
    options,
    { how: 'fix', selection: () => ({ ids: fixes.map(({ id }) => id) }) },
    {
      title: (rows) => `Puts ${rows} of the quarantine into the target with values of yours:`,
      line: ({ id, table, code }) => `${id}   ${table}   ${code}   ${columns.get(id) ?? ''}`,
      run: (context) => fix(context, fixes),
    },
  )
}

/** Reads rows again from the source and puts into the target what fits now. */
export async function quarantineRetry(options: MutatingOptions & Meant): Promise<SettledRows | Previewed> {
  const selection = (plan: Plan): Selection => selectionOf(plan, options)
  return onBoth(
    options,
    { how: 'retry', selection },
    {
      title: (rows) => `Reads ${rows} of the quarantine again from the source:`,
      line: ({ id, table, code }) => `${id}   ${table}   ${code}`,
      run: (context) => retry(context, selection(context.plan)),
    },
  )
}

/** Gives rows up, with a reason; needs the target only. */
export async function quarantineDiscard(
  options: MutatingOptions & Meant & { reason: string },
): Promise<SettledRows | Previewed> {
  return onTarget(options, async (opened) => {
    const context = await started(opened)
    const selection = selectionOf(context.plan, options)
    const { open } = await settleable(context, 'discard', selection)
    const preview = previewOf(open, {
      title: (rows) => `GIVES UP ${rows} of the quarantine: they stay out of the target:`,
      line: ({ id, table, code }) => `${id}   ${table}   ${code}`,
      status: 'discarded',
    })
    return confirmed(options, preview, () =>
      underLock(context, () =>
        recorded(context, 'quarantine discard', () => discard(context, selection, options.reason)),
      ),
    )
  })
}

interface Work {
  title: (rows: string) => string
  line: (row: Found) => string
  run: (context: StepContext) => Promise<SettledRows>
}

async function onBoth(
  options: MutatingOptions,
  what: { how: 'fix' | 'retry'; selection: (plan: Plan) => Selection },
  { title, line, run }: Work,
): Promise<SettledRows | Previewed> {
  return mutate(options, {
    preview: (opened) =>
      withStarted(opened, async (context) => {
        const { open } = await settleable(context, what.how, what.selection(context.plan))
        return previewOf(open, { title, line, status: 'delivered' })
      }),
    run: (context) => recorded(context, `quarantine ${what.how}`, () => run(context)),
  })
}

const LINES = 12

function previewOf(
  open: readonly Found[],
  { title, line, status }: Pick<Work, 'title' | 'line'> & { status: string },
): Preview {
  const more = open.length > LINES ? [`… and ${open.length - LINES} more`] : []
  return {
    title:
      open.length === 0
        ? 'Nothing to do: no such row is in quarantine.'
        : title(open.length === 1 ? '1 row' : `${open.length} rows`),
    lines: [...open.slice(0, LINES).map(line), ...more],
    sql: [
      ...(status === 'delivered' && open.length > 0
        ? ['-- each row by COPY or INSERT into its table, and in the same transaction:']
        : []),
      ...open.map(({ id }) => `update hyperferry.quarantine_row set status = '${status}' where id = ${id};`),
    ],
  }
}

function selectionOf(plan: Plan, { ids, tables, codes }: Meant): Selection {
  return {
    ...(ids === undefined ? {} : { ids }),
    ...(codes === undefined ? {} : { codes }),
    ...(tables === undefined ? {} : { tables: tables.map((name) => sourceName(plan, name)) }),
  }
}

function sourceName(plan: Plan, name: string): string {
  const table = plan.tables.find((one) => one.name === name || one.source === name)
  if (table) return table.source
  throw new HyperferryError('HF-U001', {
    what: `no table "${name}" in the plan`,
    hint: 'Name a table of the plan file.',
  })
}
