/** The books of `copy --defer-indexes`: what an import has taken off its table and owes it. See docs/design/0011. */
import type { Session } from '../target/connect.ts'
import type { PlainIndex } from '../target/plain-indexes.ts'

export interface OwedIndex extends PlainIndex {
  id: number
}

export interface OwedToTable extends OwedIndex {
  importId: number
  importName: string
}

const COLUMNS = 'x.id, x.index_schema as schema, x.index_name as name, x.definition, x.tablespace, x.comment'

/** Must be in the transaction that drops them. What was owed of that name before is not owed any more: the index was there. */
export async function oweIndexes(session: Session, importId: number, indexes: readonly PlainIndex[]): Promise<void> {
  for (const each of indexes) {
    await session.query(
      `insert into hyperferry.import_index (import_id, index_schema, index_name, definition, tablespace, comment)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (index_schema, index_name) do update set import_id = excluded.import_id, definition = excluded.definition,
         tablespace = excluded.tablespace, comment = excluded.comment, dropped_at = excluded.dropped_at`,
      [importId, each.schema, each.name, each.definition, each.tablespace, each.comment],
    )
  }
}

/** What the import owes, in the order in which they are to be made. */
export async function indexesOwed(session: Session, importId: number): Promise<OwedIndex[]> {
  const { rows } = await session.query<OwedIndex>(
    `select ${COLUMNS} from hyperferry.import_index x where x.import_id = $1 order by x.id`,
    [importId],
  )
  return rows
}

/** What any import owes this table. */
export async function indexesOwedTo(
  session: Session,
  { schema, table }: { schema: string; table: string },
): Promise<OwedToTable[]> {
  const { rows } = await session.query<OwedToTable>(
    `select ${COLUMNS}, i.id as "importId", i.name as "importName" from hyperferry.import_index x join hyperferry.import i on i.id = x.import_id
     where i.target_schema = $1 and i.target = $2 order by x.id`,
    [schema, table],
  )
  return rows
}

/** Takes over what others owe the table. */
export async function takeOverIndexes(
  session: Session,
  importId: number,
  { schema, table }: { schema: string; table: string },
): Promise<void> {
  await session.query(
    `update hyperferry.import_index x set import_id = $1 from hyperferry.import i
     where i.id = x.import_id and i.target_schema = $2 and i.target = $3`,
    [importId, schema, table],
  )
}

/** Within the transaction that makes the index, before it: nobody else makes it meanwhile. Says whether it is still owed. */
export async function claimIndex(session: Session, id: number): Promise<boolean> {
  const { rowCount } = await session.query('delete from hyperferry.import_index where id = $1', [id])
  return rowCount === 1
}
