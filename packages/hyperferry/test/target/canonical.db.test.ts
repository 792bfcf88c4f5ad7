// The target's canonical text, value by value, and back to the value it names.
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPg, type FreshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { canonicalLiteral } from '../../src/target/canonical-literal.ts'
import { canonicalColumn } from '../../src/target/canonical.ts'

const hex = (text: string): string => Buffer.from(text).toString('hex')

// type, SQL of a value, canonical text
const forms: [string, string, string | null][] = [
  ['smallint', '-32768', '-32768'],
  ['integer', '0', '0'],
  ['bigint', '9223372036854775807', '9223372036854775807'],
  ['bigint', 'null', null],
  ['numeric(20,0)', '18446744073709551615', '18446744073709551615'],
  ['numeric(10,3)', '1.500', '1.5'],
  ['numeric', '-0.00', '0'],
  ['numeric', '0.000000000000000000000000000001', '0.000000000000000000000000000001'],
  ['numeric', "'NaN'", 'NaN'],
  ['numeric', "'-Infinity'", '-Infinity'],
  ['numeric(65,30)', `'${'9'.repeat(35)}.${'9'.repeat(30)}'`, `${'9'.repeat(35)}.${'9'.repeat(30)}`],
  ['real', '0.1', '0.10000000149011612'],
  ['double precision', "'-0'", '-0'],
  ['double precision', '1e20', '1e+20'],
  ['double precision', "'5e-324'", '5e-324'],
  ['double precision', "'NaN'", 'NaN'],
  ['double precision', "'Infinity'", 'Infinity'],
  ['boolean', 'true', '1'],
  ['boolean', 'false', '0'],
  ['date', "'2024-02-29'", '2024-02-29'],
  ['date', "'0001-01-01'", '0001-01-01'],
  ['date', "'0001-01-01 BC'", '0000-01-01'],
  ['date', "'0044-03-15 BC'", '-0043-03-15'],
  ['date', "'12345-06-07'", '12345-06-07'],
  ['date', "'5874897-12-31'", '5874897-12-31'],
  ['date', "'4713-01-01 BC'", '-4712-01-01'],
  ['date', "'infinity'", 'infinity'],
  ['timestamp(6)', "'9999-12-31 23:59:59.999999'", '9999-12-31T23:59:59.999999'],
  ['timestamp(6)', "'1969-12-31 23:59:59.999999'", '1969-12-31T23:59:59.999999'],
  ['timestamp(0)', "'2024-03-31 02:30:00'", '2024-03-31T02:30:00.000000'],
  ['timestamp', "'0001-12-31 00:00:00.5 BC'", '0000-12-31T00:00:00.500000'],
  ['timestamptz(3)', "'2024-01-01 00:00:00.123+05:30'", '2023-12-31T18:30:00.123000'],
  ['timestamptz', "'294276-12-31 23:59:59.999999+00'", '294276-12-31T23:59:59.999999'],
  ['timestamptz', "'4713-11-24 00:00:00+00 BC'", '-4712-11-24T00:00:00.000000'],
  ['timestamptz', "'-infinity'", '-infinity'],
  ['time(6)', "'23:59:59.999999'", '23:59:59.999999'],
  ['time', "'24:00:00'", '24:00:00.000000'],
  ['time', "'00:00:00'", '00:00:00.000000'],
  ['interval', "'-838:59:59.999999'", '-3020399999999'],
  ['interval', "'1 day 00:00:01'", '86401000000'],
  ['interval', "'0'", '0'],
  ['interval', "'1 mon'", 'months 1 mon'],
  ['interval', "'1 year -12 mon 5 sec'", '5000000'],
  ['text', "''", ''],
  ['text', "E'tab\\t\\\\ line\\n 😀é'", hex('tab\t\\ line\n 😀é')],
  ['varchar(20)', "'trailing  '", hex('trailing  ')],
  ['char(6)', "'ab'", hex('ab')],
  ['bytea', "'\\x00ff0a'", '00ff0a'],
  ['bytea', "''", ''],
  ['bit(5)', "'00101'", '00101'],
  ['varbit', "''", ''],
  ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['json', `'{"a" : 1.0}'`, hex('{"a" : 1.0}')],
  ['jsonb', `'{"b":1.50, "a":[]}'`, hex('{"a": [], "b": 1.50}')],
  ['text[]', `array['a', ',', null, '']::text[]`, `{61,2c,NULL,}`],
  ['text[]', `'{}'`, '{}'],
  ['text[]', `null`, null],
  ['inet', "'10.0.0.1'", '10.0.0.1'],
  ['inet', "'10.0.0.0/8'", '10.0.0.0/8'],
  ['inet', "'2001:DB8::1'", '2001:db8::1'],
]
// Texts that no value of the type can have: the server must not be asked to read them.
const impossible: [string, string][] = [
  ['date', '0000-00-00'],
  ['date', '2023-02-29'],
  ['date', '2024-13-01'],
  ['date', '5874898-01-01'],
  ['timestamptz', '2024-01-00T00:00:00.000000'],
  ['timestamptz', '294277-01-01T00:00:00.000000'],
  ['timestamp', '2024-01-01T24:00:01.000000'],
  ['time', '838:59:59.000000'],
  ['bigint', '9223372036854775808'],
  ['text', 'c328'],
  ['text', '610062'],
  ['varchar(3)', '6'],
  ['uuid', '------------------------------------'],
  ['inet', '999.1.1.1'],
  ['inet', '10.0.0.0/33'],
  ['interval', '9223372036854775808'],
  ['boolean', '2'],
]
const noLiteral = new Set(['real', 'double precision', 'json', 'jsonb', 'text[]', 'bit(5)', 'varbit'])

for (const server of ['pg15', 'pg18'] as const) {
  const describe = await describeWith(server)
  describe(`canonical text on ${server}`, () => {
    let database: FreshPg
    let client: pg.Client
    beforeAll(async () => {
      database = await freshPg(server)
      client = new pg.Client({ connectionString: database.url })
      await client.connect()
      // Settings that a role or a database may carry must not change a single form.
      await client.query(
        `set timezone = 'Asia/Kolkata'; set datestyle = 'German, DMY'; set intervalstyle = 'iso_8601'; set bytea_output = 'escape'`,
      )
      await client.query(`set intervalstyle = 'postgres'`)
    })
    afterAll(async () => {
      await client.end()
      await database.drop()
    })

    test.each(forms)('%s %s is %s', async (type, value, form) => {
      const expression = canonicalColumn(type, '"v"')
      const { rows } = await client.query<{ c: string | null }>(
        `select ${expression} as c from (select (${value})::${type} as "v") as t`,
      )
      expect(rows).toEqual([{ c: form }])
      if (form === null || noLiteral.has(type) || form.startsWith('months') || form.startsWith('-4712')) return
      const literal = canonicalLiteral(type, form)
      expect(literal).not.toBeNull()
      const back = await client.query<{ same: boolean; again: string }>(
        `select ((${value})::${type}) = ${literal} as same, ${canonicalColumn(type, literal!)} as again`,
      )
      expect(back.rows).toEqual([{ same: true, again: form }])
    })

    test.each(impossible)('%s %s has no literal', (type, text) => expect(canonicalLiteral(type, text)).toBeNull())

    test.each([...noLiteral])('%s has no literal', (type) => expect(canonicalLiteral(type, '1')).toBeNull())

    test.each(['integer', 'text', 'bytea', 'date', 'timestamptz', 'time', 'uuid', 'inet', 'interval', 'boolean'])(
      'a text that is no %s never becomes SQL',
      (type) => expect(canonicalLiteral(type, "1'; drop table x; --")).toBeNull(),
    )
  })
}
