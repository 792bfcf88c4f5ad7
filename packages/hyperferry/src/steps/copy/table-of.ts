/** The table that is loaded into. */
import { HyperferryError } from '../../errors.ts'
import { readTable } from '../../target/catalog.ts'
import type { Session } from '../../target/connect.ts'
import { qualified } from '../../target/sql.ts'

/** Throws HF-F006 when there is none. */
export async function tableOf(
  session: Session,
  { schema, table }: { schema: string; table: string },
): Promise<NonNullable<Awaited<ReturnType<typeof readTable>>>> {
  const found = await readTable(session, schema, table)
  if (found !== null) return found
  throw new HyperferryError('HF-F006', {
    what: `there is no table ${qualified(schema, table)} in the target`,
    hint: 'Create it first: copy makes no tables. In another schema than public? Say --schema.',
  })
}
