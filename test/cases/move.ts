// One case, typed as a script would type it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { hyperferry } from '../helpers/hyperferry.ts'
import { freshMysql, freshPg } from '../servers/database.ts'
import type { Case } from './case.ts'

interface RunDocument {
  verified: boolean
  tables: { name: string; kind: string; sourceRows: number; targetRows: number; equal: boolean; quarantined: number }[]
}
interface PlanDocument {
  findings: { code: string; table: string | null; column: string | null }[]
}

/** Moves, checks every expectation, and runs everything again: nothing may change. */
export async function move(one: Case, source: Case['sources'][number], target: Case['targets'][number]): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'hyperferry-case-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  const sourceUrl = await load(one, source, cwd)
  const database = await freshPg(target)
  const env = { HYPERFERRY_SOURCE: sourceUrl, HYPERFERRY_TARGET: database.url }

  const planned = await hyperferry(['plan', '--json', ...one.plan], { cwd, env })
  expect(planned.exitCode, planned.stderr).toBe(0)
  const named = new Set(
    (planned.json as unknown as PlanDocument).findings.map((finding) =>
      [finding.code, [finding.table, finding.column].filter((part) => part !== null).join('.')].join(' ').trim(),
    ),
  )
  const onHypertables = target.startsWith('ts') ? (one.expect.hypertableFindings ?? []) : []
  for (const finding of [...one.expect.findings, ...onHypertables]) expect([...named].toSorted()).toContain(finding)

  const ran = await hyperferry(['run', '--offline', '--yes', '--json', ...one.run], { cwd, env })
  expect(ran.exitCode, `${ran.stderr}\n${ran.stdout}`).toBe(one.expect.exitCode)
  const document = ran.json as unknown as RunDocument
  const tables = Object.fromEntries(
    document.tables.map((table) => [
      table.name,
      { kind: table.kind, rows: table.sourceRows, quarantined: table.quarantined },
    ]),
  )
  const expected = Object.entries(one.expect.tables).map(([name, table]) => [name, { quarantined: 0, ...table }])
  expect(tables).toEqual(Object.fromEntries(expected))
  for (const table of document.tables) {
    expect(table.targetRows + table.quarantined, table.name).toBe(table.sourceRows)
    expect(table.equal, table.name).toBe(true)
  }
  expect(document.verified).toBe(one.expect.verified)

  const standing = (await hyperferry(['status', '--json'], { cwd, env })).json as unknown as {
    gates: { ok: boolean }[]
  }
  expect(standing.gates.length).toBeGreaterThan(2)
  expect(standing.gates.filter((gate) => !gate.ok)).toEqual([])

  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query(`set timezone = 'UTC'`)
    const quarantine = await client.query<{ what: string; rows: string }>(
      `select concat_ws(' ', source_table, code, column_name) as what, count(*) as rows from hyperferry.quarantine group by 1`,
    )
    expect(Object.fromEntries(quarantine.rows.map((row) => [row.what, Number(row.rows)]))).toEqual(
      one.expect.quarantine,
    )
    await client.query('begin')
    for (const check of one.checks) {
      const answer = await client.query<(string | null)[]>({ text: check.sql, rowMode: 'array' })
      expect(
        answer.rows.map(([value]) => value ?? 'NULL'),
        check.name,
      ).toEqual(check.answer)
    }
    await client.query('rollback')
    const before = await fingerprints(client)
    expect(Object.keys(before).length).toBeGreaterThan(0)
    const again = await hyperferry(['run', '--offline', '--yes', '--json', ...one.run], { cwd, env })
    expect(again.exitCode, again.stderr).toBe(one.expect.exitCode)
    expect(await fingerprints(client)).toEqual(before)
  } finally {
    await client.end()
  }
}

/**
 * xmin and ctid of every row: a row that was touched, even by the same value, shows. Compressed rows have neither; there their values stand, and xmin
 * and ctid of the rows they are packed into. Sizes would not do: autovacuum cuts off empty pages at the end of a table whenever it likes.
 */
async function fingerprints(client: pg.Client): Promise<Record<string, string>> {
  const tables = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname = 'public' or (schemaname = '_timescaledb_internal' and tablename like 'compress%')`,
  )
  const print = async (sql: string): Promise<string> =>
    (await client.query<{ print: string | null }>(sql)).rows[0]?.print ?? ''
  const prints: Record<string, string> = {
    chunks: await print(
      `select string_agg(concat_ws(' ', relname, pg_relation_filenode(c.oid)), ',' order by relname) as print
       from pg_class c join pg_namespace n on n.oid = relnamespace
       where nspname = '_timescaledb_internal' and relkind = 'r' and relname ~ 'hyper_'`,
    ),
  }
  for (const { name } of tables.rows) {
    const all = (each: string): string =>
      `select count(*) || ' ' || coalesce(md5(string_agg(${each}, ',' order by ${each})), '') as print from ${name} t`
    // Which of the two is refused, if any, is the server's to say.
    prints[name] = await print(all("concat_ws(' ', tableoid, ctid, xmin)")).catch(() => print(all('t::text')))
  }
  return prints
}

/** Loads the case's database; answers the URL of an account that only reads. */
export async function load(one: Case, source: Case['sources'][number], cwd: string): Promise<string> {
  if (source === 'sqlite') {
    const file = join(cwd, 'source.db')
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: false })
    database.exec(one.sql)
    database.close()
    return `sqlite:${file}`
  }
  const database = await freshMysql(source)
  const connection = await mysql.createConnection({ uri: database.adminUrl, multipleStatements: true })
  try {
    await connection.query(one.sql)
  } finally {
    await connection.end()
  }
  return database.url
}
