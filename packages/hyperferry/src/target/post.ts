/** The second phase of a table's DDL, once its rows are in. */
import type { Plan } from '../model.ts'
import { applyDdl, refusedStatement } from './apply.ts'
import type { Capabilities } from './capabilities.ts'
import { readTable } from './catalog.ts'
import { planDdl } from './ddl.ts'
import { addForeignKey } from './ddl-post.ts'
import type { DdlStatement } from './ddl-statement.ts'
import { HyperferryError } from '../errors.ts'
import { sameForeignKey } from './presence.ts'
import type { Session } from './session.ts'
import { ident, qualified } from './sql.ts'

export interface PostResult {
  applied: DdlStatement[]
  present: DdlStatement[]
  /** Foreign keys that the data breaks: they stay NOT VALID (HF-P040). */
  notValidated: { table: string; name: string; reason: string }[]
}

/**
 * Indexes, foreign keys, sequences and statistics of the tables named (target names). Each statement is its own transaction, so that what is
 * done stays done. A foreign key is made only when the table it refers to is there. Can be repeated.
 * Throws HF-S010, HF-S012, HF-S014.
 */
export async function applyPost(
  session: Session,
  plan: Plan,
  tableNames: readonly string[],
  capabilities: Capabilities,
): Promise<PostResult> {
  const wanted = new Set(tableNames)
  const result: PostResult = { applied: [], present: [], notValidated: [] }
  for (const statement of planDdl(plan, capabilities)) {
    if (statement.phase !== 'post' || statement.table === null || !wanted.has(statement.table)) continue
    if (statement.kind === 'foreign-key') {
      await foreignKey(session, plan.target.schema, statement, result)
      continue
    }
    const { applied, present } = await applyDdl(session, plan.target.schema, [statement])
    result.applied.push(...applied)
    result.present.push(...present)
  }
  return result
}

async function foreignKey(
  session: Session,
  schema: string,
  statement: DdlStatement,
  result: PostResult,
): Promise<void> {
  const { expect, table } = statement
  if (expect.what !== 'foreign-key' || table === null) return
  const sql = `${addForeignKey(schema, qualified(schema, table), expect.key)} not valid`
  const { applied, present } = await applyDdl(session, schema, [{ ...statement, sql }])
  result.present.push(...present)
  result.applied.push(...applied)
  const there = (await readTable(session, schema, table))?.constraints.find((each) =>
    sameForeignKey(each, expect.key, schema),
  )
  if (there === undefined || there.validated) return
  try {
    await session.query(`alter table ${qualified(schema, table)} validate constraint ${ident(there.name)}`)
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.sqlstate !== '23503') throw refusedStatement(error, statement)
    result.notValidated.push({
      table,
      name: there.name,
      reason: `rows refer to what is not in "${expect.key.references.table}"`,
    })
  }
}
