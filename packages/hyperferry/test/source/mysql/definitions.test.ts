import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SourceColumn } from '../../../src/model.ts'
import { readDefault } from '../../../src/source/mysql/column-default.ts'
import { parseColumnType } from '../../../src/source/mysql/column-type.ts'
import { translateDefault } from '../../../src/source/mysql/default-sql.ts'
import { parseGrants } from '../../../src/source/mysql/grants.ts'
import { ident, textLiteral } from '../../../src/source/mysql/quote.ts'

describe('parseColumnType', () => {
  it.each([
    ['bigint(20) unsigned', { base: 'bigint', numbers: [20], unsigned: true, zerofill: false }],
    ['int(5) zerofill', { base: 'int', unsigned: true, zerofill: true }],
    ['decimal(10,2)', { base: 'decimal', numbers: [10, 2], unsigned: false }],
    ['double precision', { base: 'double' }],
    ['multipolygon', { base: 'geometry' }],
    ["enum('a','b''c','x,y','(')", { base: 'enum', members: ['a', "b'c", 'x,y', '('] }],
    ["set('unsigned zerofill')", { base: 'set', members: ['unsigned zerofill'], unsigned: false }],
    ['inet6', { base: 'inet6', numbers: [] }],
  ])('%s', (text, expected) => {
    expect(parseColumnType(text)).toMatchObject(expected)
  })

  it('gives members back whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 5 }), { minLength: 1 }), (members) => {
        const text = `enum(${members.map((member) => `'${member.replaceAll("'", "''")}'`).join(',')})`
        expect(parseColumnType(text).members).toEqual(members)
      }),
      { seed: 20260102 },
    )
  })
})

describe('readDefault', () => {
  const maria = (text: string | null) => readDefault({ text, extra: '', columnType: 'varchar(9)', mariadb: true })
  const oracle = (text: string | null, extra = '', columnType = 'varchar(9)') =>
    readDefault({ text, extra, columnType, mariadb: false })

  it('reads what MariaDB shows', () => {
    expect(maria(null)).toBeNull()
    expect(maria('NULL')).toBeNull()
    expect(maria("'NULL'")).toEqual({ kind: 'literal', value: 'NULL' })
    expect(maria("'it\\'s ''x'''")).toEqual({ kind: 'literal', value: "it's 'x'" })
    expect(maria('-1.5')).toEqual({ kind: 'literal', value: '-1.5' })
    expect(maria('current_timestamp(6)')).toEqual({ kind: 'now', precision: 6 })
    expect(maria('uuid()')).toEqual({ kind: 'uuid' })
    expect(maria('(1 + 2)')).toEqual({ kind: 'expression', sql: '(1 + 2)' })
  })

  it('reads what MySQL shows', () => {
    expect(oracle('NULL')).toEqual({ kind: 'literal', value: 'NULL' })
    expect(oracle("it's")).toEqual({ kind: 'literal', value: "it's" })
    expect(oracle('uuid()')).toEqual({ kind: 'literal', value: 'uuid()' })
    expect(oracle('uuid()', 'default_generated')).toEqual({ kind: 'uuid' })
    expect(oracle('CURRENT_TIMESTAMP', '', 'datetime')).toEqual({ kind: 'now', precision: 0 })
    expect(oracle('CURRENT_TIMESTAMP')).toEqual({ kind: 'literal', value: 'CURRENT_TIMESTAMP' })
    expect(oracle("b'101'", '', 'bit(3)')).toEqual({ kind: 'literal', value: '101' })
  })
})

describe('translateDefault', () => {
  const column = (type: string, value: string): SourceColumn => ({
    name: 'c',
    type,
    nullable: true,
    default: { kind: 'literal', value },
    generated: null,
    autoIncrement: false,
    onUpdateNow: false,
    charset: null,
    collation: null,
    comment: null,
    invisible: false,
  })

  it.each([
    ['int(5) unsigned zerofill', '00007', 'bigint', { sql: '7' }],
    ['int', '0', 'integer', { sql: '0' }],
    ['int', 'x', 'integer', 'unknown'],
    ['datetime', '2010-00-00 00:00:00', 'timestamptz(0)', 'zero'],
    ['datetime', '0000-00-00 00:00:00', 'timestamptz(0)', 'zero'],
    ['datetime', '2020-10-10 00:00:00', 'timestamptz(0)', { sql: "'2020-10-10 00:00:00 Europe/Berlin'::timestamptz" }],
    ['timestamp', '2020-10-10 00:00:00', 'timestamptz(0)', { sql: "'2020-10-10 00:00:00 UTC'::timestamptz" }],
    ['time', '-01:00:00', 'interval', { sql: "'-01:00:00'::interval" }],
    ['varchar(9)', "a'b\\", 'varchar(9)', { sql: "E'a''b\\\\'" }],
    ['varchar(9)', '', 'varchar(9)', { sql: "''" }],
    ["set('a')", '', 'text[]', { sql: 'ARRAY[]::text[]' }],
    ['binary(3)', 'ab', 'bytea', { sql: "'\\x616200'::bytea" }],
    ['varbinary(3)', '0x00FF', 'bytea', { sql: "'\\x00ff'::bytea" }],
    ['varbinary(3)', 'ä', 'bytea', 'unknown'],
    ['bit(4)', '101', 'bit(4)', { sql: "B'0101'" }],
    ['tinyint(1)', '1', 'boolean', { sql: 'true' }],
    ['tinyint(1)', '2', 'boolean', 'unknown'],
  ])('%s %s for %s', (type, value, target, expected) => {
    expect(translateDefault(column(type, value), target, 'Europe/Berlin')).toEqual(expected)
  })

  it('leaves out a zone that PostgreSQL takes for an abbreviation', () => {
    // 10:00 of CET in July: two hours from UTC here, one hour there.
    const summer = column('datetime', '2020-07-10 10:00:00')
    expect(translateDefault(summer, 'timestamptz(0)', 'CET')).toBe('unknown')
    expect(translateDefault(summer, 'timestamptz(0)', 'UTC')).toEqual({
      sql: "'2020-07-10 10:00:00 UTC'::timestamptz",
    })
  })
})

describe('parseGrants', () => {
  it.each([
    ['GRANT USAGE ON *.* TO `r`@`%`', false],
    ['GRANT SELECT, SHOW VIEW ON `plant`.* TO `r`@`%`', false],
    ['GRANT SELECT (`a`, `b`) ON `plant`.`t` TO `r`@`%`', false],
    ["GRANT SELECT, PROCESS, REPLICATION CLIENT ON *.* TO 'r'@'%' IDENTIFIED BY PASSWORD '*X'", false],
    ['GRANT SELECT, INSERT (`a`) ON `plant`.`t` TO `r`@`%`', true],
    ['GRANT ALL PRIVILEGES ON `plant`.* TO `r`@`%` WITH GRANT OPTION', true],
    ['GRANT ALL PRIVILEGES ON *.* TO `r`@`%`', true],
    ['GRANT UPDATE ON `pla__`.* TO `r`@`%`', true],
    ['GRANT UPDATE ON `pla\\_t`.* TO `r`@`%`', false],
    ['GRANT UPDATE ON `other`.* TO `r`@`%`', false],
    ['GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO `r`@`%`', true],
    ['GRANT `role`@`%` TO `r`@`%`', false],
  ])('%s', (line, writes) => {
    expect(parseGrants([line]).canWrite('plant')).toBe(writes)
  })
})

it('quotes names and texts so that no character matters', () => {
  expect(ident('a`b')).toBe('`a``b`')
  expect(textLiteral("'\\")).toBe('_utf8mb4 0x275c')
})
