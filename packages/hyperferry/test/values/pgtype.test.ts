import { describe, expect, it } from 'vitest'
import { parsePgType } from '../../src/values/pgtype.ts'

describe('parsePgType', () => {
  it.each([
    ['int4', 'integer', 23],
    ['  BIGINT ', 'bigint', 20],
    ['float8', 'double precision', 701],
    ['double  precision', 'double precision', 701],
    ['float(24)', 'real', 700],
    ['float(25)', 'double precision', 701],
    ['decimal(20)', 'numeric(20,0)', 1700],
    ['numeric( 3 , -2 )', 'numeric(3,-2)', 1700],
    ['numeric', 'numeric', 1700],
    ['timestamptz(3)', 'timestamp(3) with time zone', 1184],
    ['timestamp (6) without time zone', 'timestamp(6) without time zone', 1114],
    ['timestamp with time zone', 'timestamp with time zone', 1184],
    ['time(0)', 'time(0) without time zone', 1083],
    ['char', 'character(1)', 1042],
    ['bpchar', 'bpchar', 1042],
    ['character varying(7)', 'character varying(7)', 1043],
    ['varchar', 'character varying', 1043],
    ['bit', 'bit(1)', 1560],
    ['bit varying', 'bit varying', 1562],
    ['varbit(9)', 'bit varying(9)', 1562],
    ['text[]', 'text[]', 1009],
    ['varchar(3)[][]', 'character varying(3)[]', 1015],
    ['pg_catalog.jsonb', 'jsonb', 3802],
  ])('%s is %s', (text, canonical, oid) => {
    const type = parsePgType(text)
    expect([type.text, type.oid]).toEqual([canonical, oid])
    expect(parsePgType(type.text)).toEqual(type)
  })

  it('keeps modifiers as numbers', () => {
    expect(parsePgType('numeric(5,2)')).toMatchObject({ precision: 5, scale: 2, length: null })
    expect(parsePgType('timestamptz(3)')).toMatchObject({ precision: 3, scale: null })
    expect(parsePgType('varchar(12)')).toMatchObject({ length: 12, precision: null })
    expect(parsePgType('char(2)[]').arrayOf).toMatchObject({ name: 'bpchar', length: 2 })
  })

  it.each([
    '',
    'money',
    'numeric(0)',
    'numeric(1001)',
    'numeric(5,2000)',
    'varchar(0)',
    'varchar(3,3)',
    'timestamp(7)',
    'int(11)',
    'text(5)',
    'timetz',
    'time with time zone',
    'date with time zone',
    'int4; drop table x',
    'float(54)',
    'interval day',
  ])('refuses %s', (text) => {
    expect(() => parsePgType(text)).toThrow(expect.objectContaining({ code: 'HF-P022' }))
  })
})
