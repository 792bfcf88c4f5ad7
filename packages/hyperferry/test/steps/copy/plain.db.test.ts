// Pieces without a quote or backslash go in COPY's text format: only with options that it has, and takes.
import { expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import type { CopyOptions } from '../../../src/config/copy-options.ts'
import { parseCopyOptions } from '../../../src/config/copy-options.ts'
import { plainOptionsSql } from '../../../src/steps/copy/plain.ts'
import { copyHere, fileOf } from './lab.ts'
import { openTarget } from '../../../src/target/connect.ts'
import { literal } from '../../../src/target/sql.ts'

const NONE = parseCopyOptions('CSV')

function optionsOf(delimiter: string, more: Partial<CopyOptions> = {}, utf8 = true, postgres = 170_000): string | null {
  const code = delimiter.charCodeAt(0)
  return plainOptionsSql({ delimiter: code, utf8, more: { ...NONE, ...more } }, postgres)
}

test('what only CSV has is left to CSV, and so are other encodings and servers without a header in text', () => {
  expect(optionsOf(',')).not.toBe(null)
  expect(optionsOf(',', { null: 'NULL' })).toMatch(/null 'NULL'/)
  expect(optionsOf(',', { null: '\\N' })).toBe(null)
  expect(optionsOf(',', { default: 'D' })).toBe(null)
  expect(optionsOf(',', { forceNull: '*' })).toBe(null)
  expect(optionsOf(',', { forceNotNull: ['a'] })).toBe(null)
  expect(optionsOf(',', {}, false)).toBe(null)
  expect(optionsOf(',', {}, true, 149_999)).toBe(null)
})

const suite = await describeWith('pg15')

suite('copy', () => {
  test('a delimiter has plain options exactly if the server takes it in text', async () => {
    const { url } = await freshPg('pg15')
    const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
    const session = await target.session()
    await session.query('create table public.t (a text, b text)')
    const taken = async (options: string): Promise<boolean> =>
      session.copyIn(`copy public.t from stdin (${options})`, []).then(
        () => true,
        () => false,
      )
    for (let code = 1; code < 128; code += 1) {
      const delimiter = String.fromCharCode(code)
      if ('\n\r"'.includes(delimiter)) continue
      const plain = optionsOf(delimiter)
      expect(await taken(plain ?? `format text, delimiter ${literal(delimiter)}`), `byte ${code}`).toBe(plain !== null)
    }
    await target.close()
  })

  test('pieces without a quote and backslash go in the text format, all others as CSV', async () => {
    const { url } = await freshPg('pg15')
    const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
    const session = await target.session()
    // The table itself sees which statement brings a row.
    await session.query(`create table public.t (n int4, a text, how text);
      create function public.tell() returns trigger language plpgsql as $$ begin new.how := current_query(); return new; end $$;
      create trigger tell before insert on public.t for each row execute function public.tell()`)
    const rows = Array.from({ length: 300 }, (_, n) => `${n},${n === 100 ? '"in quotes"' : n === 200 ? '\\' : 'plain'}`)
    const file = fileOf(rows.map((row) => `${row}\n`).join(''))
    await copyHere({ connection: url, table: 't', columns: 'n,a', file, batchBytes: 256, workers: 1 })
    const { rows: ways } = await session.query<{ csv: number[]; text: number[] }>(
      `select array_agg(n order by n) filter (where how like '%format csv%') as csv,
         array_agg(n order by n) filter (where how like '%format text%') as text from public.t`,
    )
    const [{ csv, text } = { csv: [], text: [] }] = ways
    expect(csv).toEqual(expect.arrayContaining([100, 200]))
    expect(text).toEqual(expect.arrayContaining([0, 20, 150, 299]))
    expect([...csv, ...text].length).toBe(300)
    await target.close()
  })
})
