/** What a table of the target holds at this moment, as a digest (docs/design/0003). */
import type { PlannedTable } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { selectForDigest } from '../target/copy.ts'
import { CopyParser } from '../values/copy-stream.ts'
import { Digest, digestBatch } from '../values/digest.ts'
import { compileNormaliser } from '../values/normalise.ts'
import { parsePgType } from '../values/pgtype.ts'

/** Of all rows, read by COPY within the transaction that is open, if one is. */
export async function digestOfTarget(session: Session, schema: string, table: PlannedTable): Promise<Digest> {
  const types = table.columns.filter((column) => column.generated === null).map((column) => parsePgType(column.type))
  const normaliser = compileNormaliser(types)
  const digest = new Digest()
  const parser = new CopyParser()
  await session.copyOut(selectForDigest(schema, table, null), (chunk) =>
    parser.push(chunk, (bytes, ends) => digestBatch(digest, normaliser, bytes, ends)),
  )
  parser.end()
  return digest
}
