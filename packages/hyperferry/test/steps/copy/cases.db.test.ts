// Files as people have them: what is loaded, and which line and column is named when it is not.
import { expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { openTarget } from '../../../src/target/connect.ts'
import type { Session } from '../../../src/target/connect.ts'
import { copyHere, fileOf, rowsOf } from './lab.ts'
import type { CopyHere } from './lab.ts'

const suite = await describeWith('pg15', 'pg18')

type Request = Partial<CopyHere>
const never = new AbortController().signal

/** Three columns: a text, a number, a text that must be there. */
async function table(url: string): Promise<{ session: Session; close: () => Promise<void> }> {
  const target = await openTarget(url, { connections: 1, signal: never })
  const session = await target.session()
  await session.query(`create table public.t (a text, n int, b text default 'd')`)
  return { session, close: () => target.close() }
}

const LOADED: [string, string | Buffer, Request, string[]][] = [
  ['line ends within quotes', '"one\ntwo",1,"x\r\ny"\nz,2,w\n', {}, ['("one\ntwo",1,"x\r\ny")', '(z,2,w)']],
  ['CRLF, no final end', 'a,1,b\r\nc,2,"d\ne"', {}, ['(a,1,b)', '(c,2,"d\ne")']],
  ['CR alone', 'a,1,b\rc,2,d\r', {}, ['(a,1,b)', '(c,2,d)']],
  ['byte order mark and header', '\uFEFFb,n,a\nx,1,y\n', { byHeader: true }, ['(y,1,x)']],
  [
    'header by mapping, lines in front',
    '# made by "hand\nValue;Name\n1;x\n',
    { skipLines: 1, delimiter: ';', mapping: 'Value:n,Name:a' },
    ['(x,1,d)'],
  ],
  ['header left out, with a line end in it', '"a\nx",n,b\ny,1,z\n', { header: true }, ['(y,1,z)']],
  ['tabs', 'a\t1\tb c\n', { delimiter: '\\t' }, ['(a,1,"b c")']],
  ['NULL and empty are two things', ',1,""\n', {}, ['(,1,"")']],
  ['another NULL', 'NULL,1,"NULL"\n', { copyOptions: "CSV NULL 'NULL'" }, ['(,1,NULL)']],
  ['another quote and escape', `'it\\'s, \\\\',1,b\n`, { quote: "'", escape: '\\' }, ['("it\'s, \\\\",1,b)']],
  ['quotes within quotes', '"say ""hi""",1,"""\n"""\n', {}, ['("say ""hi""",1,"""\n""")']],
  ['the mark at the end', 'a,1,b\n\\.\n', {}, ['(a,1,b)']],
  ['the mark in quotes', '"x\n\\.\ny",1,b\n"\\.",2,c\n', {}, ['("x\n\\\\.\ny",1,b)', '("\\\\.",2,c)']],
  ['another encoding', Buffer.from('6361666e2c312ce90a', 'hex'), { encoding: 'windows-1252' }, ['(cafn,1,é)']],
  ['columns in another order', 'x,7\n', { columns: 'B,n' }, ['(,7,x)']],
  ['the first rows only', 'a,1,b\nc,2,"d\ne"\nf,3,g\n', { limit: 2, batchBytes: 256 }, ['(a,1,b)', '(c,2,"d\ne")']],
  ['nothing at all', '', {}, []],
  ['a header and nothing else', 'a,n,b\n', { header: true }, []],
  [
    'a row longer than any buffer',
    `"${'x'.repeat(3_000_000)}",1,b\nc,2,d\n`,
    { batchBytes: 256, columns: 'b,n,a' },
    [`(b,1,${'x'.repeat(3_000_000)})`, '(d,2,c)'],
  ],
]

const REFUSED: [string, string | Buffer, Request, { code: string; line: number; column: string | null }][] = [
  ['a wrong type', 'h,h,h\na,1,b\n"c\nd",x,e\nf,3,g\n', { header: true }, { code: 'HF-F002', line: 3, column: 'n' }],
  ['too few fields', 'a,1,b\nc\n', {}, { code: 'HF-F002', line: 2, column: 'n' }],
  ['too many fields', 'a,1,b\nc,2,d,e\n', {}, { code: 'HF-F002', line: 2, column: null }],
  ['an empty line', 'a,1,b\n\nc,2,d\n', {}, { code: 'HF-F002', line: 2, column: 'n' }],
  [
    'a byte that is not UTF-8',
    Buffer.from('612c312c620a632c322ce90a', 'hex'),
    {},
    { code: 'HF-F004', line: 2, column: 'b' },
  ],
  ['a NUL byte', 'a,1,b\nc,2,\0\n', {}, { code: 'HF-F002', line: 2, column: 'b' }],
  ['a quote that is never closed', 'a,1,b\nc,2,"d\ne,3,f\n', {}, { code: 'HF-F002', line: 2, column: 'b' }],
  ['another row end in between', 'a,1,b\nc,2,d\r\n', {}, { code: 'HF-F002', line: 2, column: null }],
  ['the end-of-data mark in between', 'a,1,b\n\\.\nc,2,d\n', {}, { code: 'HF-F011', line: 2, column: null }],
]

/** The end-of-data mark means nothing from PostgreSQL 18 on. */
const olderToo = (name: string): boolean => /mark|quote/.test(name)

suite.each(['pg15', 'pg18'] as const)('copy into %s', (server) => {
  test('files that are loaded', async () => {
    const { url } = await freshPg(server)
    const { session, close } = await table(url)
    for (const [name, content, request, rows] of LOADED) {
      if (server === 'pg15' && !olderToo(name)) continue
      await session.query('truncate public.t')
      const result = await copyHere({ connection: url, table: 't', file: fileOf(content), ...request })
      expect([name, ...(await rowsOf(session, 't'))]).toEqual([name, ...rows.toSorted()])
      expect(result).toMatchObject({ rows: rows.length, quarantined: 0, skipped: 0 })
    }
    expect((await session.query('select from hyperferry.import')).rowCount).toBe(0)
    await close()
  })

  test('rows that are refused are named, or kept aside', async () => {
    const { url } = await freshPg(server)
    const { session, close } = await table(url)
    for (const [name, content, request, { code, line, column }] of REFUSED) {
      if (server === 'pg15' && !olderToo(name)) continue
      await session.query('truncate public.t')
      const file = fileOf(content)
      const copy = { connection: url, table: 't', file, ...request }
      const error: unknown = await copyHere(copy).catch((thrown: unknown) => thrown)
      expect([name, error]).toMatchObject([name, { code, exitCode: 1, details: { line, column } }])
      expect(await rowsOf(session, 't')).toEqual([])

      const result = await copyHere({ ...copy, skipErrors: true })
      const { rows } = await session.query(
        `select r.line::int4, r.column_name from hyperferry.import_row r join hyperferry.import i on i.id = r.import_id where i.name = $1`,
        [result.importId],
      )
      expect([name, rows]).toEqual([name, [{ line, column_name: column }]])
      // Every row of the file is in the table or aside.
      expect([name, result.quarantined]).toEqual([name, 1])
      expect(await rowsOf(session, 't')).toHaveLength(result.rows)
    }
    await close()
  })
})
