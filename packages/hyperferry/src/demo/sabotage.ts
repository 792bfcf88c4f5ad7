/** Plants one fault in the target right before the proof, to show that the proof can fail. */
import pg from 'pg'

export const SABOTAGE = ['lose', 'double', 'alter'] as const
export type Sabotage = (typeof SABOTAGE)[number]

const STATEMENTS: Record<Sabotage, string> = {
  lose: `delete from reading where note = (select note from reading where note like 'write %' order by note limit 1)`,
  double: `insert into event_log select * from event_log where payload = (select payload from event_log where convert_from(payload, 'UTF8') like 'application%' order by payload limit 1)`,
  alter: `update reading set temperature = temperature + 1e-9 where note = (select note from reading where note like 'write %' order by note limit 1)`,
}

/** Returns what was done, for people. */
export async function sabotage(target: string, kind: Sabotage): Promise<string> {
  const client = new pg.Client({ connectionString: target })
  await client.connect()
  try {
    const { rowCount } = await client.query(STATEMENTS[kind])
    return `${kind}: ${rowCount ?? 0} rows of the target`
  } finally {
    await client.end()
  }
}
