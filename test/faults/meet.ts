// Two tools that are to meet: they begin together, and stand at the same door.
import { writeFile } from 'node:fs/promises'
import pg from 'pg'
import { expect } from 'vitest'

/** Lets tools begin that wait for `startAt`; their first receipts are let in when `sessions` of them want to write one. */
export async function meet(targetUrl: string, startAt: string, sessions: number): Promise<void> {
  const client = new pg.Client({ connectionString: targetUrl })
  await client.connect()
  try {
    await client.query('begin; lock table hyperferry.receipt in exclusive mode')
    await writeFile(startAt, '')
    const waiting = async (): Promise<number> => {
      const { rows } = await client.query<{ n: number }>(
        `select count(distinct pid)::int as n from pg_locks where relation = 'hyperferry.receipt'::regclass and not granted`,
      )
      return rows[0]?.n ?? 0
    }
    await expect.poll(waiting, { timeout: 60_000 }).toBeGreaterThanOrEqual(sessions)
    await client.query('rollback')
  } finally {
    await client.end()
  }
}
