/** A look at the catalog before a statement is run: there and equal, absent, or different in words. */
import { isDeepStrictEqual } from 'node:util'
import type { PlannedForeignKey } from '../model.ts'
import {
  hasColumnstorePolicy,
  readColumnstore,
  readHypertable,
  readTable,
  readTemporary,
  schemaExists,
} from './catalog.ts'
import type { CatalogConstraint, CatalogTable } from './catalog.ts'
import { tableDifferences } from './compare.ts'
import { TWIN } from './ddl-statement.ts'
import type { DdlStatement, Expectation } from './ddl-statement.ts'
import type { Session } from './session.ts'
import { qualified } from './sql.ts'

/** `differences` is empty unless the object is there and is not what the plan says. */
export interface Presence {
  present: boolean
  differences: string[]
}

const ABSENT: Presence = { present: false, differences: [] }
const PRESENT: Presence = { present: true, differences: [] }

/** Tables as they were last read; forget them when something was changed. */
export type Seen = Map<string, CatalogTable | null>

/** Must be called inside a transaction: twins live in it. */
export async function lookFor(session: Session, statement: DdlStatement, seen: Seen): Promise<Presence> {
  const { expect, schema, table } = statement
  if (expect.what === 'nothing') return ABSENT
  if (expect.what === 'schema' || table === null)
    return (await schemaExists(session, statement.name)) ? PRESENT : ABSENT
  const known = seen.get(table)
  const real = known === undefined ? await readTable(session, schema, table) : known
  seen.set(table, real)
  if (real === null) return ABSENT
  switch (expect.what) {
    case 'table':
      return {
        present: true,
        differences: await withTwin(session, expect.twin, (twin) => tableDifferences(real, twin, expect)),
      }
    case 'owner':
      return real.owner === expect.owner ? PRESENT : ABSENT
    case 'key':
      return lookForKey(real, statement.name, expect)
    case 'check':
      return lookForCheck(real, statement.name, await withTwin(session, expect.twin, ({ constraints }) => constraints))
    case 'comment':
      return lookForComment(real, expect)
    case 'index':
      return lookForIndex(session, real, statement.name, expect.twin)
    case 'foreign-key':
      return lookForForeignKey(real, statement.name, expect.key)
    case 'hypertable':
      return lookForHypertable(session, real, expect)
    case 'columnstore':
      return lookForColumnstore(session, real, expect)
    case 'policy':
      return (await hasColumnstorePolicy(session, schema, table)) ? PRESENT : ABSENT
  }
}

type Of<W extends Expectation['what']> = Extract<Expectation, { what: W }>

async function withTwin<T>(session: Session, sql: readonly string[], use: (twin: CatalogTable) => T): Promise<T> {
  for (const statement of sql) await session.query(statement)
  const twin = await readTemporary(session, TWIN.replace('pg_temp.', ''))
  await session.query(`drop table ${TWIN}`)
  if (twin === null) throw new Error('the twin table is not there')
  return use(twin)
}

function different(...differences: string[]): Presence {
  return { present: true, differences }
}

/** A key of the same columns serves under any name; the name on other columns is a difference. */
function lookForKey(real: CatalogTable, name: string, expect: Of<'key'>): Presence {
  const type = expect.primary ? 'p' : 'u'
  const same = real.constraints.some((each) => each.type === type && isDeepStrictEqual(each.columns, expect.columns))
  if (same) return PRESENT
  const named = real.constraints.find((each) => each.name === name)
  if (named !== undefined) return different(`constraint "${name}" is ${named.definition}`)
  const primary = expect.primary ? real.constraints.find((each) => each.type === 'p') : undefined
  if (primary === undefined) return ABSENT
  return different(`the primary key is (${primary.columns.join(', ')}), the plan says (${expect.columns.join(', ')})`)
}

function lookForCheck(real: CatalogTable, name: string, twin: readonly CatalogConstraint[]): Presence {
  const wanted = twin.find((each) => each.type === 'c')?.definition
  const named = real.constraints.find((each) => each.name === name)
  if (named === undefined) return ABSENT
  if (named.definition.replace(/ NOT VALID$/, '') === wanted) return PRESENT
  return different(`constraint "${name}" is ${named.definition}, the plan says ${wanted ?? '?'}`)
}

function lookForComment(real: CatalogTable, expect: Of<'comment'>): Presence {
  const there =
    expect.column === null ? real.comment : real.columns.find((column) => column.name === expect.column)?.comment
  // A comment of somebody else is not worth stopping for, nor ours to replace.
  return there === undefined || there === null ? ABSENT : PRESENT
}

async function lookForIndex(session: Session, real: CatalogTable, name: string, twin: string[]): Promise<Presence> {
  const [wanted] = await withTwin(session, twin, ({ indexes }) => indexes)
  const named = real.indexes.find((index) => index.name === name)
  const same = (index: typeof wanted): boolean =>
    index !== undefined &&
    index.valid &&
    index.method === wanted?.method &&
    index.unique === wanted.unique &&
    index.definition === wanted.definition
  if (real.indexes.some(same)) return PRESENT
  if (named === undefined) return ABSENT
  return different(named.valid ? `index "${name}" is another one` : `index "${name}" is not valid: drop it`)
}

function lookForForeignKey(real: CatalogTable, name: string, key: PlannedForeignKey): Presence {
  const same = (each: CatalogConstraint): boolean => sameForeignKey(each, key, real.schema)
  if (real.constraints.some(same)) return PRESENT
  const named = real.constraints.find((each) => each.name === name)
  return named === undefined ? ABSENT : different(`constraint "${name}" is ${named.definition}`)
}

/** Whether a constraint of the catalog is the planned foreign key, validated or not. */
export function sameForeignKey(each: CatalogConstraint, key: PlannedForeignKey, schema: string): boolean {
  const { references } = each
  return (
    each.type === 'f' &&
    references !== null &&
    isDeepStrictEqual(each.columns, key.columns) &&
    references.schema === schema &&
    references.table === key.references.table &&
    isDeepStrictEqual(references.columns, key.references.columns) &&
    references.onDelete === key.onDelete &&
    references.onUpdate === key.onUpdate
  )
}

async function lookForHypertable(session: Session, real: CatalogTable, expect: Of<'hypertable'>): Promise<Presence> {
  const found = await readHypertable(session, real.schema, real.name)
  if (found === null) return (await hasRows(session, real)) ? different('it has rows and is no hypertable') : ABSENT
  const differences: string[] = []
  if (found.column !== expect.column) {
    differences.push(`the hypertable is split by "${found.column}", the plan says "${expect.column}"`)
  }
  if (found.micros !== expect.micros || found.integer !== expect.integer) {
    const [is, plan] = [found, expect].map((each) => (each.micros === null ? `${each.integer}` : `${each.micros} µs`))
    differences.push(`the chunk interval is ${is}, the plan says ${plan}`)
  }
  return { present: true, differences }
}

async function hasRows(session: Session, { schema, name }: CatalogTable): Promise<boolean> {
  const { rows } = await session.query<{ some: boolean }>(
    `select exists (select from ${qualified(schema, name)}) as some`,
  )
  return rows[0]?.some === true
}

async function lookForColumnstore(session: Session, real: CatalogTable, expect: Of<'columnstore'>): Promise<Presence> {
  const found = await readColumnstore(session, real.schema, real.name)
  if (found === null) return ABSENT
  const differences: string[] = []
  if (!isDeepStrictEqual(found.segmentBy, expect.segmentBy)) {
    differences.push(
      `the columnstore is segmented by (${found.segmentBy.join(', ')}), the plan says (${expect.segmentBy.join(', ')})`,
    )
  }
  // Without an order in the plan the server chooses one.
  if (expect.orderBy.length > 0 && !isDeepStrictEqual(found.orderBy, expect.orderBy)) {
    const text = (order: typeof expect.orderBy): string =>
      order.map(({ column, descending }) => `${column}${descending ? ' desc' : ''}`).join(', ')
    differences.push(`the columnstore is ordered by (${text(found.orderBy)}), the plan says (${text(expect.orderBy)})`)
  }
  return { present: true, differences }
}
