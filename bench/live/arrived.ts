// Nothing is lost, and nothing is there that nobody wrote.
import mysql from 'mysql2/promise'
import type { Move } from '../peers/hyperferry.ts'
import { sql } from '../target.ts'
import type { Write } from './latency.ts'

/** A count of our own, beside `verify`, which compares every value. `rows` are those of the history. Throws when a row is missing in either database. */
export async function whatArrived(
  { source, target }: Pick<Move, 'source' | 'target'>,
  rows: number,
  writes: readonly Write[],
): Promise<string> {
  const acknowledged = writes.filter(({ error }) => error === null).length
  const ask = 'select count(*) as total, count(*) - count(distinct seq) as twice, sum(seq) as sum from metric'
  const connection = await mysql.createConnection({ uri: source })
  const [[inSource]] = await connection.query<mysql.RowDataPacket[]>(ask)
  await connection.end()
  const [inTarget] = await sql(target, [ask])
  const [there, here] = [inSource, inTarget].map((row) =>
    Object.values(row ?? {})
      .map(String)
      .join(', '),
  )
  if (there !== here)
    throw new Error(`rows, rows that stand there twice, sum: ${there} in the source, ${here} in the target`)
  if (Number(inTarget?.['twice']) > 0) throw new Error(`rows, rows that stand there twice, sum: ${here}`)
  const total = Number(inTarget?.['total'])
  const more = total - rows - acknowledged
  // A write whose outcome the application does not know may be there or not, but in both databases alike.
  if (more < 0 || more > writes.length - acknowledged)
    throw new Error(`${total} rows are not ${rows} and ${acknowledged} acknowledged ones`)
  return `source and target: ${total} rows each, ${acknowledged} of them acknowledged to the writers`
}
