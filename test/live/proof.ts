// What the writers' logs say against what stands in both databases, counted by tag.
import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { TAGGED } from './shapes.ts'
import type { LiveEngine } from './shapes.ts'

interface Entry {
  n: number
  sent?: { table: string; tags: string[] }
  acknowledged?: true
  failed?: string
}

export interface Claims {
  /** Tags by table that must be there exactly once. */
  acknowledged: Map<string, Set<string>>
  /** Tags that may be there or not, but in both alike: no answer was logged. */
  open: Map<string, Set<string>>
  writes: number
  refused: number
  last: number
}

export function readClaims(log: string): Claims {
  const claims: Claims = { acknowledged: new Map(), open: new Map(), writes: 0, refused: 0, last: 0 }
  const sent = new Map<number, { table: string; tags: string[] }>()
  if (!existsSync(log)) return claims
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (!line.endsWith('}')) continue
    const entry = JSON.parse(line) as Entry
    claims.last = Math.max(claims.last, entry.n)
    if (entry.sent) sent.set(entry.n, entry.sent)
    const write = sent.get(entry.n)
    if (write === undefined || entry.sent) continue
    if (entry.failed === 'HF-DW02') continue
    sent.delete(entry.n)
    if (entry.acknowledged) {
      claims.writes += 1
      add(claims.acknowledged, write)
    } else claims.refused += 1
  }
  for (const write of sent.values()) add(claims.open, write)
  return claims
}

function add(to: Map<string, Set<string>>, { table, tags }: { table: string; tags: string[] }): void {
  const set = to.get(table) ?? new Set()
  for (const tag of tags) set.add(tag)
  to.set(table, set)
}

export interface Verdict {
  writes: number
  refused: number
  /** Faults by store, as sentences; empty when nothing is lost, doubled or made up. */
  faults: string[]
}

export async function judge(
  engine: LiveEngine,
  source: string,
  target: string,
  logs: readonly string[],
): Promise<Verdict> {
  const claims = logs.map(readClaims)
  const verdict: Verdict = {
    writes: claims.reduce((sum, { writes }) => sum + writes, 0),
    refused: claims.reduce((sum, { refused }) => sum + refused, 0),
    faults: [],
  }
  const inSource = await sourceTags(engine, source)
  const inTarget = await targetTags(target)
  for (const table of TAGGED) {
    const must = union(claims.map(({ acknowledged }) => acknowledged.get(table)))
    const may = union(claims.map(({ open }) => open.get(table)))
    for (const [side, tags] of [
      ['source', inSource.get(table)],
      ['target', inTarget.get(table)],
    ] as const) {
      const held = tags ?? new Map<string, number>()
      for (const tag of must)
        if (held.get(tag) !== 1) verdict.faults.push(`${side} ${table} ${tag}: ${held.get(tag) ?? 0} times`)
      for (const [tag, times] of held) {
        if (times > 1 && !must.has(tag)) verdict.faults.push(`${side} ${table} ${tag}: ${times} times`)
        if (!tag.startsWith('old-') && !must.has(tag) && !may.has(tag))
          verdict.faults.push(`${side} ${table} ${tag}: refused, and there`)
      }
    }
    const both = new Set([...(inSource.get(table)?.keys() ?? []), ...(inTarget.get(table)?.keys() ?? [])])
    for (const tag of both) {
      if (inSource.get(table)?.has(tag) !== inTarget.get(table)?.has(tag))
        verdict.faults.push(`${table} ${tag}: in one database only`)
    }
  }
  return verdict
}

function union(sets: readonly (Set<string> | undefined)[]): Set<string> {
  return new Set(sets.flatMap((set) => [...(set ?? [])]))
}

type Tags = Map<string, Map<string, number>>

async function sourceTags(engine: LiveEngine, source: string): Promise<Tags> {
  const all: Tags = new Map()
  if (engine === 'sqlite') {
    const db = new DatabaseSync(source, { readOnly: true })
    for (const table of TAGGED) {
      all.set(
        table,
        counted(
          db
            .prepare(`select tag from ${table}`)
            .all()
            .map(({ tag }) => String(tag)),
        ),
      )
    }
    db.close()
    return all
  }
  const connection = await mysql.createConnection({ uri: source })
  for (const table of TAGGED) {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(`select tag from ${table}`)
    all.set(table, counted(rows.map((row) => String(row['tag']))))
  }
  await connection.end()
  return all
}

async function targetTags(target: string): Promise<Tags> {
  const client = new pg.Client({ connectionString: target })
  await client.connect()
  const all: Tags = new Map()
  for (const table of TAGGED) {
    const { rows } = await client.query<{ tag: string }>(`select tag from ${table}`)
    all.set(table, counted(rows.map(({ tag }) => tag)))
  }
  await client.end()
  return all
}

function counted(tags: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return counts
}
