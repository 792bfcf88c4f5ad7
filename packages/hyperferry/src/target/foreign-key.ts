/** Foreign keys after the load: made without a look at the rows, then validated, which lets writers go on. */
import { HyperferryError } from '../errors.ts'
import { applyTogether, refusedStatement } from './apply-together.ts'
import type { Applied, Together } from './apply-together.ts'
import { readTable } from './catalog.ts'
import { addForeignKey } from './ddl-post.ts'
import type { DdlStatement } from './ddl-statement.ts'
import { sameForeignKey } from './presence.ts'
import type { Session } from './session.ts'
import { ident, qualified } from './sql.ts'

/** Makes and validates one foreign key. One that the data breaks stays NOT VALID and is returned as `notValidated`. */
export async function applyForeignKey(session: Session, statement: DdlStatement): Promise<Applied> {
  const { expect, schema, table } = statement
  if (expect.what !== 'foreign-key' || table === null) return { applied: [], present: [], notValidated: [] }
  const real = await readTable(session, schema, table)
  // A partitioned table knows no NOT VALID before PostgreSQL 18.
  if (real?.relkind === 'p') return applyAtOnce(session, statement, expect)
  const result = { ...(await make(session, statement, expect)), notValidated: [] }
  const there = (await readTable(session, schema, table))?.constraints.find((each) =>
    sameForeignKey(each, expect.key, schema),
  )
  if (there === undefined || there.validated) return result
  try {
    await session.query(`alter table ${qualified(schema, table)} validate constraint ${ident(there.name)}`)
    return result
  } catch (error) {
    const reason = whyNotValid(error, expect)
    if (reason === null) throw refusedStatement(error, statement)
    return { ...result, notValidated: [{ table, name: there.name, reason }] }
  }
}

type Expected = Extract<DdlStatement['expect'], { what: 'foreign-key' }>

/** Valid or not at all: a key that the rows break is left out, and said. */
async function applyAtOnce(session: Session, statement: DdlStatement, { key }: Expected): Promise<Applied> {
  const add = addForeignKey(statement.schema, qualified(statement.schema, statement.table ?? ''), key)
  try {
    return { ...(await applyTogether(session, [{ ...statement, sql: add }])), notValidated: [] }
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.sqlstate !== BROKEN) throw error
    const reason = `rows refer to what is not in "${key.references.table}"; a partitioned table cannot have it NOT VALID`
    return {
      applied: [],
      present: [],
      notValidated: [{ table: statement.table ?? '', name: key.name, reason, absent: true }],
    }
  }
}

async function make(session: Session, statement: DdlStatement, { key, direct }: Expected): Promise<Together> {
  const add = addForeignKey(statement.schema, qualified(statement.schema, statement.table ?? ''), key)
  if (direct) {
    try {
      return await applyTogether(session, [{ ...statement, sql: add }])
    } catch (error) {
      if (!(error instanceof HyperferryError) || error.sqlstate !== BROKEN) throw error
    }
  }
  return applyTogether(session, [{ ...statement, sql: `${add} not valid` }])
}

const BROKEN = '23503'
const NOT_SUPPORTED = '0A000'

function whyNotValid(error: unknown, { key }: Expected): string | null {
  if (!(error instanceof HyperferryError)) return null
  if (error.sqlstate === BROKEN) return `rows refer to what is not in "${key.references.table}"`
  if (error.sqlstate !== NOT_SUPPORTED) return null
  return `TimescaleDB cannot validate it on a table with columnstore: once every row finds its row in "${key.references.table}", drop the constraint and run again`
}
