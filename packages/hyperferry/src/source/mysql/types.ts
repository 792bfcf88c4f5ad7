/** The target type of a column, chosen by its definition and by what the profile saw. */
import type { ColumnRules, SourceColumn } from '../../model.ts'
import type { ColumnType } from './column-type.ts'
import { fractionDigits, parseColumnType } from './column-type.ts'
import type { Facts } from './profile-sql.ts'

export interface TypeProposal {
  type: string
  rules: ColumnRules
  /** For the plan's comment. */
  reasons: string[]
}

/** `exact`: the facts are about every row of the table. */
export function proposeType(column: SourceColumn, facts: Facts, exact: boolean): TypeProposal {
  const source = parseColumnType(column.type)
  const simple = SIMPLE.get(source.unsigned ? `${source.base} unsigned` : source.base)
  if (simple !== undefined && !(source.base === 'tinyint' && source.numbers[0] === 1)) return plain(simple)
  switch (source.base) {
    case 'tinyint':
      return tinyint1(facts, exact, source.unsigned)
    case 'bigint':
      return unsignedBigint(facts, exact)
    case 'decimal':
      return plain(`numeric(${source.numbers[0] ?? 10},${source.numbers[1] ?? 0})`)
    case 'bit':
      return plain((source.numbers[0] ?? 1) === 1 ? 'boolean' : `bit(${source.numbers[0]})`)
    case 'date':
      return { type: 'date', rules: zeroRule(facts), reasons: zeroReasons(facts, exact) }
    case 'datetime':
    case 'timestamp': {
      const digits = fractionDigits(source)
      return {
        type: digits === 6 ? 'timestamptz' : `timestamptz(${digits})`,
        rules: zeroRule(facts),
        reasons: zeroReasons(facts, exact),
      }
    }
    case 'time':
      return time(source, facts, exact)
    case 'char':
    case 'varchar': {
      // A length of 0 is legal in the source only.
      const length = source.numbers[0] ?? 1
      return plain(length === 0 ? 'text' : `varchar(${length})`)
    }
    case 'json':
      return json(facts, exact)
    default:
      return plain('text')
  }
}

const SIMPLE = new Map<string, string>([
  ['tinyint', 'smallint'],
  ['tinyint unsigned', 'smallint'],
  ['smallint', 'smallint'],
  ['smallint unsigned', 'integer'],
  ['mediumint', 'integer'],
  ['mediumint unsigned', 'integer'],
  ['int', 'integer'],
  ['int unsigned', 'bigint'],
  ['bigint', 'bigint'],
  ['year', 'smallint'],
  ['year unsigned', 'smallint'],
  ['float', 'real'],
  ['float unsigned', 'real'],
  ['double', 'double precision'],
  ['double unsigned', 'double precision'],
  ['set', 'text[]'],
  ['uuid', 'uuid'],
  ['inet4', 'inet'],
  ['inet6', 'inet'],
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'geometry', 'vector'].map(
    (base): [string, string] => [base, 'bytea'],
  ),
])

/** `3 rows` or `at least 3 rows`. */
export function rowCount(rows: number, exact: boolean): string {
  return `${exact ? '' : 'at least '}${rows} ${rows === 1 ? 'row' : 'rows'}`
}

function plain(type: string): TypeProposal {
  return { type, rules: {}, reasons: [] }
}

function tinyint1(facts: Facts, exact: boolean, unsigned: boolean): TypeProposal {
  const others = facts.count('notBoolean')
  if (others > 0)
    return { ...plain('smallint'), reasons: [`${rowCount(others, exact)} with values other than 0 and 1`] }
  if (!exact) return { ...plain('smallint'), reasons: ['only a sample was looked at; it holds 0 and 1 only'] }
  // An empty table proves nothing about what the application will write.
  if (facts.max === null) return { ...plain('smallint'), reasons: ['no value to tell whether it is a boolean'] }
  return { ...plain('boolean'), reasons: [`every value is 0, 1 or NULL${unsigned ? ' (unsigned)' : ''}`] }
}

const MAX_BIGINT = 9223372036854775807n

function unsignedBigint(facts: Facts, exact: boolean): TypeProposal {
  const above = facts.count('beyondBigint')
  const max = facts.max === null ? null : BigInt(facts.max)
  if (above > 0 || (max !== null && max > MAX_BIGINT)) {
    const rows = above > 0 ? `${rowCount(above, exact)} above 2^63-1` : `the largest value is ${max}`
    return { ...plain('numeric(20,0)'), reasons: [rows] }
  }
  return exact
    ? { ...plain('bigint'), reasons: [max === null ? 'no values yet' : `the largest value is ${max}`] }
    : { ...plain('numeric(20,0)'), reasons: ['unsigned; the largest value of a sample proves nothing'] }
}

function zeroRule(facts: Facts): ColumnRules {
  return facts.count('zeroDate') > 0 ? { zeroDate: 'quarantine' } : {}
}

function zeroReasons(facts: Facts, exact: boolean): string[] {
  const zero = facts.count('zeroDate')
  const invalid = facts.count('invalidDay')
  return [
    ...(zero > 0 ? [`${rowCount(zero, exact)} with a zero date`] : []),
    ...(invalid > 0 ? [`${rowCount(invalid, exact)} with a day that is in no calendar`] : []),
  ]
}

function time(source: ColumnType, facts: Facts, exact: boolean): TypeProposal {
  const digits = fractionDigits(source)
  const precision = digits === 6 ? '' : `(${digits})`
  const outside = facts.count('outsideDay')
  if (outside > 0) return { ...plain('interval'), reasons: [`${rowCount(outside, exact)} outside 00:00 to 24:00`] }
  if (!exact) return { ...plain('interval'), reasons: ['TIME may exceed a day, and only a sample was looked at'] }
  return { ...plain(`time${precision}`), reasons: ['every value lies within a day'] }
}

function json(facts: Facts, exact: boolean): TypeProposal {
  const invalid = facts.count('invalidJson') + facts.count('nul')
  if (invalid > 0) return { ...plain('text'), reasons: [`${rowCount(invalid, exact)} without valid JSON`] }
  const escapes = facts.count('jsonNul') + facts.count('jsonSurrogate')
  if (escapes > 0) {
    return {
      ...plain('json'),
      reasons: [`${rowCount(escapes, exact)} with \\u0000 or a lone surrogate, which jsonb refuses`],
    }
  }
  return plain('jsonb')
}
