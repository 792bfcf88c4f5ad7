// Binary fields as text, against the server's own reading of that text.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPg, type FreshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { fieldText, tupleFields } from '../../src/values/field-text.ts'
import { openTarget, type Session, type Target } from '../../src/target/connect.ts'
import { CopyParser } from '../../src/values/copy-stream.ts'
import { parsePgType } from '../../src/values/pgtype.ts'

// type, SQL of the value, text
const forms: [string, string, string][] = [
  ['smallint', '-32768', '-32768'],
  ['integer', '2147483647', '2147483647'],
  ['bigint', '-9223372036854775808', '-9223372036854775808'],
  ['numeric', '0', '0'],
  ['numeric', '0.00', '0'],
  ['numeric', '10000', '10000'],
  ['numeric', '-0.0001', '-0.0001'],
  ['numeric', '123456789.000012340', '123456789.00001234'],
  ['numeric', '100000000000000000000', '100000000000000000000'],
  ['numeric', '0.000000000000000000001', '0.000000000000000000001'],
  ['numeric', "'NaN'", 'NaN'],
  ['numeric', "'-Infinity'", '-Infinity'],
  ['real', '0.5', '0.5'],
  ['double precision', "'-0'", '-0'],
  ['double precision', '0.1', '0.1'],
  ['boolean', 'true', 'true'],
  ['text', "'Zürich'", 'Zürich'],
  ['char(5)', "'ab'", 'ab'],
  ['bytea', "'\\x00ff'", '\\x00ff'],
  ['date', "'2000-01-01'", '2000-01-01'],
  ['date', "'1999-12-31'", '1999-12-31'],
  ['date', "'2024-02-29'", '2024-02-29'],
  ['date', "'0044-03-15 BC'", '-0043-03-15'],
  ['date', "'5874897-12-31'", '5874897-12-31'],
  ['date', "'-infinity'", '-infinity'],
  ['time', "'23:59:59.999999'", '23:59:59.999999'],
  ['timestamp', "'1969-12-31 23:59:59.999999'", '1969-12-31 23:59:59.999999'],
  ['timestamptz', "'2024-02-29 12:00:00.5+00'", '2024-02-29 12:00:00.500000+00'],
  ['timestamptz', "'infinity'", 'infinity'],
  ['uuid', "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['bit(10)', "b'1010101010'", '1010101010'],
  ['varbit', "b''", ''],
  ['jsonb', `'{"a":1}'`, '{"a": 1}'],
  ['json', `'{"a" :1}'`, '{"a" :1}'],
  ['inet', "'10.0.0.1'", '10.0.0.1'],
  ['inet', "'10.0.0.0/8'", '10.0.0.0/8'],
  ['text[]', "array['a', null, '']", '{"a",null,""}'],
]

const describe = await describeWith('pg18')
describe('binary fields as text', () => {
  let database: FreshPg
  let target: Target
  let session: Session
  beforeAll(async () => {
    database = await freshPg('pg18')
    target = await openTarget(database.url, { connections: 1, signal: new AbortController().signal })
    session = await target.session()
  })
  afterAll(async () => {
    await session.release()
    await target.close()
    await database.drop()
  })

  test.each(forms)('%s %s is %s', async (type, value, text) => {
    const parser = new CopyParser()
    const found: (string | null)[] = []
    await session.copyOut(`copy (select (${value})::${type}) to stdout (format binary)`, (chunk) =>
      parser.push(chunk, (bytes, ends) => {
        if (ends.length > 0) found.push(fieldText(parsePgType(type), tupleFields(bytes, 0)[0] ?? null))
      }),
    )
    expect(found).toEqual([text])
  })

  test('NULL is null', () => expect(fieldText(parsePgType('integer'), null)).toBeNull())
})
