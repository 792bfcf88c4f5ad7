/** Foreign keys after the load: made without a look at the rows, then validated, which lets writers go on. */
import { HyperferryError } from '../errors.ts'
import { applyTogether, refusedStatement } from './apply-together.ts'
import type { Applied } from './apply-together.ts'
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
  const sql = `${addForeignKey(schema, qualified(schema, table), expect.key)} not valid`
  const result = { ...(await applyTogether(session, [{ ...statement, sql }])), notValidated: [] }
  const there = (await readTable(session, schema, table))?.constraints.find((each) =>
    sameForeignKey(each, expect.key, schema),
  )
  if (there === undefined || there.validated) return result
  try {
    await session.query(`alter table ${qualified(schema, table)} validate constraint ${ident(there.name)}`)
    return result
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.sqlstate !== '23503') throw refusedStatement(error, statement)
    const reason = `rows refer to what is not in "${expect.key.references.table}"`
    return { ...result, notValidated: [{ table, name: there.name, reason }] }
  }
}
