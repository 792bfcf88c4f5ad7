// Whatever a file looks like: what PostgreSQL's own COPY makes of it in one piece is what the ranges make of it, and what it refuses is refused.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeWith } from '../../../../../test/servers/index.ts'
import { freshPg } from '../../../../../test/servers/database.ts'
import { HyperferryError } from '../../../src/errors.ts'
import { openTarget } from '../../../src/target/connect.ts'
import type { Session } from '../../../src/target/connect.ts'
import { copyHere, fileOf, folder, rowsOf } from './lab.ts'

const suite = await describeWith('pg17', 'pg15')

/** One field as somebody might write it; without the end-of-data mark, which is a case of its own. */
const field = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('', 'a', '12', ' x ', 'é€😀', 'NULL', '\\N', "it's", 'long '.repeat(20)) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('', 'a,b', 'two\nlines', 'c\r\nd', 'e\rf', 'say ""hi""', '\\', 'tab\t', 'x'.repeat(300))
      .map((text) => `"${text}"`),
  },
  { weight: 1, arbitrary: fc.constantFrom('a"b,"c', '"x"y', '"', '""', '\0', '\u{fffd}bad') },
)

const csv = fc
  .record({
    rows: fc.array(fc.array(field, { minLength: 2, maxLength: 2 }), { maxLength: 25 }),
    end: fc.constantFrom('\n', '\n', '\r\n', '\r'),
    /** Now and then something that does not belong: another row end, a row of another length. */
    odd: fc.option(fc.record({ at: fc.nat(24), what: fc.constantFrom('\n', '\r\n', '\r', 'x', 'a,b,c', '') }), {
      freq: 4,
    }),
    finalEnd: fc.boolean(),
  })
  .map(({ rows, end, odd, finalEnd }) => {
    const lines = rows.map((fields, index) => (odd?.at === index ? fields.join(',') + odd.what : fields.join(',')))
    const text = Buffer.from(lines.join(end) + (finalEnd ? end : ''))
    // A byte that is no character.
    const bad = text.indexOf('\u{fffd}bad')
    if (bad >= 0) text[bad] = 0xff
    return text
  })

async function whole(session: Session, text: Buffer, options: string): Promise<'refused' | string[]> {
  await session.query('truncate public.whole')
  try {
    await session.copyIn(`copy public.whole from stdin (format csv${options})`, text.length === 0 ? [] : [text])
  } catch (error) {
    if (error instanceof HyperferryError && error.retry === 'data') return 'refused'
    throw error
  }
  return rowsOf(session, 'whole')
}

suite('copy', () => {
  test.each([
    ['pg17', '', {}],
    ['pg15', ", escape '\\', null 'NULL'", { escape: '\\', copyOptions: "CSV NULL 'NULL'" }],
  ] as const)('the same rows on %s with "%s"', async (server, options, request) => {
    const database = await freshPg(server)
    const target = await openTarget(database.url, { connections: 1, signal: new AbortController().signal })
    const session = await target.session()
    await session.query('create table public.whole (a text, b text); create table public.parts (a text, b text)')
    const where = folder()
    let refused = 0
    await fc.assert(
      fc.asyncProperty(csv, fc.constantFrom(256, 400, 1500), async (text, batchBytes) => {
        await session.query('truncate public.parts')
        const expected = await whole(session, text, options)
        const copied = await copyHere({
          connection: database.url,
          table: 'parts',
          file: fileOf(text, 'any.csv', where),
          batchBytes,
          ...request,
        }).catch((error: unknown) => error)
        if (expected === 'refused') {
          refused += 1
          expect(copied).toMatchObject({ exitCode: 1, details: { line: expect.any(Number) as number } })
          return
        }
        expect(copied).toMatchObject({ rows: expected.length })
        expect(await rowsOf(session, 'parts')).toEqual(expected)
      }),
      { seed: 42, numRuns: 30 },
    )
    expect(refused).toBeGreaterThan(4)
    await target.close()
  })
})
