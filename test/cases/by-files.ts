// One case by way of exported files, typed as a person would type it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { hyperferry } from '../helpers/hyperferry.ts'
import type { Ran } from '../helpers/hyperferry.ts'
import { freshPg } from '../servers/database.ts'
import { runProgram } from '../servers/system.ts'
import type { Case } from './case.ts'
import { load } from './move.ts'

interface Exported {
  files: string[]
  rows: number
  rejected: number
  tables: { name: string; folder: string; files: number; rows: number; rejected: number }[]
}

/** Exported without the target, loaded without the source, proven with both. */
export async function byFiles(
  one: Case,
  source: Case['sources'][number],
  target: Case['targets'][number],
): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'hyperferry-case-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  const database = await freshPg(target)
  const env = { HYPERFERRY_SOURCE: await load(one, source, cwd), HYPERFERRY_TARGET: database.url }
  const type = async (exitCode: number, ...args: string[]): Promise<Ran> => {
    const ran = await hyperferry([...args, '--json'], { cwd, env })
    expect(ran.exitCode, `${args.join(' ')}\n${ran.stderr}\n${ran.stdout}`).toBe(exitCode)
    return ran
  }
  await type(0, 'plan', ...one.plan)

  const names = Object.keys(one.expect.tables)
  const tables = names.flatMap((name) => ['--table', name])
  const unfit = Object.values(one.expect.tables).reduce((sum, { quarantined = 0 }) => sum + quarantined, 0)
  // The target need not be there.
  const away = { ...env, HYPERFERRY_TARGET: 'postgres://nobody@127.0.0.1:1/nowhere' }
  const first = await hyperferry(['export', ...tables, '--out', 'dump', '--json'], { cwd, env: away })
  expect(first.exitCode, first.stderr).toBe(unfit > 0 ? 4 : 0)
  const exported = first.json as unknown as Exported
  expect(exported.rejected).toBe(unfit)
  for (const { name, rows, rejected } of exported.tables)
    expect(rows + rejected, name).toBe(one.expect.tables[name]?.rows)

  // From here on the folder stands for the source, as where that cannot be reached.
  const real = env.HYPERFERRY_SOURCE
  env.HYPERFERRY_SOURCE = 'export:dump'
  await type(0, 'schema', '--yes')
  await type(0, 'backfill', '--from-csv', 'dump', '--yes', ...one.run)
  const proven = (await type(0, 'verify', '--sample', '0')).json
  expect(proven).toMatchObject({ equal: true, level: 'digest' })
  expect((await type(2, 'verify')).json).toMatchObject({ error: { code: 'HF-E022' } })
  env.HYPERFERRY_SOURCE = real
  const verified = (await type(0, 'verify')).json as unknown as { equal: boolean; level: string }
  expect(verified).toMatchObject({ equal: true, level: 'digest' })

  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  onTestFinished(() => client.end())
  const quarantine = await client.query<{ what: string; rows: string }>(
    `select concat_ws(' ', source_table, code, column_name) as what, count(*) as rows from hyperferry.quarantine group by 1`,
  )
  expect(Object.fromEntries(quarantine.rows.map((row) => [row.what, Number(row.rows)]))).toEqual(one.expect.quarantine)
  await byPsql(client, database.url, cwd, exported)
}

/** `\copy t from file csv header`, into tables without keys; then both must hold the same rows as often. */
// eslint-disable-next-line max-params -- where the rows are, and where the files are
async function byPsql(client: pg.Client, url: string, cwd: string, { tables, files }: Exported): Promise<void> {
  await client.query('create schema by_psql')
  for (const { name, folder } of tables) {
    const ident = client.escapeIdentifier(name)
    const own = files.filter((file) => file.startsWith(`${folder}/`))
    const copied = await client.query<{ list: string }>(
      `select string_agg(quote_ident(attname), ', ' order by attnum) as list from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [`public.${ident}`],
    )
    const list = copied.rows[0]?.list ?? ''
    await client.query(`create table by_psql.${ident} as select ${list} from public.${ident} with no data`)
    const copies = own.map((file) => `\\copy by_psql.${ident} from '${file}' csv header`)
    await runProgram(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', url, ...copies.flatMap((copy) => ['-c', copy])], cwd)
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from (select md5(t::text) as t, count(*) from by_psql.${ident} t group by 1
         except select md5(t::text), count(*) from (select ${list} from public.${ident}) t group by 1) as odd`,
    )
    expect(rows, name).toEqual([{ n: 0 }])
    const count = await client.query(
      `select (select count(*) from by_psql.${ident}) = (select count(*) from public.${ident}) as same`,
    )
    expect(count.rows, name).toEqual([{ same: true }])
  }
}
