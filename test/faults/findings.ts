// The checker of the suite: looks at both databases with code of its own and names everything that is wrong.
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { World } from './world.ts'

/** Each line is one fault; an empty list means that the target is what it must be. */
export async function findings(world: World, targetUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: targetUrl })
  await client.connect()
  const source = new DatabaseSync(world.file, { readOnly: true })
  try {
    const found: string[] = []
    for (const [name, { here, there }] of Object.entries(QUERIES)) {
      const wanted = source
        .prepare(here)
        .all()
        .map((row) => lineOf(row as Line))
      const { rows } = await client.query<Line>(there)
      found.push(...difference(name, wanted, rows.map(lineOf)))
      found.push(
        ...(await ledgerFaults(client, name, {
          source: source.prepare(`select count(*) as n from ${name}`).get()?.['n'] as number,
          copied: wanted.length,
        })),
      )
    }
    return found
  } finally {
    source.close()
    await client.end()
  }
}

/** The same text for the same row, made by each database. */
const QUERIES: Record<string, { here: string; there: string }> = {
  device: { here: 'select id, name from device', there: 'select id::text, name from plant.device' },
  sensor: {
    here: 'select id, device_id, unit from sensor',
    there: 'select id::text, device_id, unit from plant.sensor',
  },
  reading: {
    here: 'select id, ts, device_id, value, note from reading',
    there: `select id::text, (extract(epoch from ts) * 1000)::int8::text as ts, device_id, value::text, note from plant.reading`,
  },
  event: {
    here: 'select at, kind, lower(hex(payload)) as payload, payload is null as missing from event where at is not null',
    there: `select extract(epoch from at)::int8::text as at, kind, coalesce(encode(payload, 'hex'), '') as payload, (payload is null)::int::text from plant.event`,
  },
  line: {
    here: 'select at, body from line',
    there: `select (extract(epoch from at) * 1000)::int8::text as at, body from plant.line`,
  },
}

type Line = Record<string, string | number | null>

function lineOf(row: Line): string {
  return Object.values(row)
    .map((value) => (value === null ? '∅' : String(value)))
    .join('|')
}

function difference(name: string, wanted: readonly string[], there: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const line of wanted) counts.set(line, (counts.get(line) ?? 0) + 1)
  for (const line of there) counts.set(line, (counts.get(line) ?? 0) - 1)
  const missing = [...counts.values()].reduce((sum, count) => sum + Math.max(0, count), 0)
  const extra = [...counts.values()].reduce((sum, count) => sum + Math.max(0, -count), 0)
  return [
    ...(missing > 0 ? [`${name}: ${missing} rows missing`] : []),
    ...(extra > 0 ? [`${name}: ${extra} rows too many`] : []),
  ]
}

async function ledgerFaults(
  client: pg.Client,
  name: string,
  counts: { source: number; copied: number },
): Promise<string[]> {
  const { rows } = await client.query<{ lane: number; overlaps: string; gap: boolean }>(
    `select r.lane, (select count(*) from hyperferry.receipt a join hyperferry.receipt b
         on a.id < b.id and a.table_id = b.table_id and a.lane = b.lane and a.span && b.span where a.table_id = t.id and a.lane = r.lane) as overlaps,
       range_agg(r.span) <> '{(,)}'::nummultirange as gap
     from hyperferry.migrated_table t join hyperferry.receipt r on r.table_id = t.id where t.source = $1 group by t.id, r.lane`,
    [name],
  )
  const sums = await client.query<{ rows: string; quarantined: string; kept: string; split: string }>(
    `select coalesce(sum(r.rows), 0) as rows, coalesce(sum(r.quarantined), 0) as quarantined, t.split,
       (select count(*) from hyperferry.quarantine_row q where q.table_id = t.id) as kept
     from hyperferry.migrated_table t left join hyperferry.receipt r on r.table_id = t.id where t.source = $1 group by t.id`,
    [name],
  )
  const [sum] = sums.rows
  const faults: string[] = []
  const lanes = sum?.split === 'all' ? [0] : [0, 1]
  if (lanes.some((lane) => !rows.some((row) => row.lane === lane))) faults.push(`${name}: a lane has no receipts`)
  if (rows.some((row) => row.gap)) faults.push(`${name}: receipts leave a gap`)
  if (rows.some((row) => row.overlaps !== '0')) faults.push(`${name}: receipts overlap`)
  if (Number(sum?.rows) !== counts.copied) faults.push(`${name}: receipts say ${sum?.rows} rows, ${counts.copied} fit`)
  if (Number(sum?.quarantined) !== counts.source - counts.copied)
    faults.push(`${name}: receipts say ${sum?.quarantined} in quarantine`)
  if (sum?.kept !== sum?.quarantined)
    faults.push(`${name}: ${sum?.kept} rows kept in quarantine, receipts say ${sum?.quarantined}`)
  return faults
}
