/** Findings of one table, from its definition and its profile. */
import type { Finding, SourceColumn, SourceTable } from '../../model.ts'
import { finding } from '../finding-codes.ts'
import type { FindingCode } from '../finding-codes.ts'
import { parseColumnType } from './column-type.ts'
import type { TranslatedDefault } from './default-sql.ts'
import type { Profile } from './profile.ts'
import { Facts } from './profile-sql.ts'
import type { Trap } from './profile-sql.ts'
import { rowCount } from './types.ts'
import type { TypeProposal } from './types.ts'

export interface ColumnLook {
  column: SourceColumn
  proposal: TypeProposal
  default: TranslatedDefault
}

/** In the order of the columns, then of the indexes. */
export function tableFindings(table: SourceTable, looks: readonly ColumnLook[], profile: Profile): Finding[] {
  const found: Finding[] = []
  for (const look of looks) {
    const facts = profile.facts.get(look.column.name) ?? new Facts()
    found.push(...valueFindings(table.name, look.column.name, facts, profile.exact))
    found.push(...typeFindings(table.name, look, facts, profile.exact))
  }
  found.push(...storageFindings(table), ...collationFindings(table), ...indexFindings(table, profile))
  return found
}

const TRAPS: readonly { trap: Trap; code: FindingCode; says: string }[] = [
  { trap: 'beyondBigint', code: 'HF-P120', says: 'above 2^63-1' },
  { trap: 'notBoolean', code: 'HF-P122', says: 'other than 0 and 1' },
  { trap: 'zero', code: 'HF-P226', says: 'with AUTO_INCREMENT 0' },
  { trap: 'zeroDate', code: 'HF-P207', says: 'hold a zero date' },
  { trap: 'invalidDay', code: 'HF-P204', says: 'hold a day that is in no calendar' },
  { trap: 'outsideDay', code: 'HF-P208', says: 'outside 00:00 to 24:00' },
  { trap: 'printsDifferently', code: 'HF-P214', says: 'print differently than in the source' },
  { trap: 'nul', code: 'HF-P210', says: 'hold a NUL byte' },
  { trap: 'invalidText', code: 'HF-P211', says: 'are not valid text' },
  { trap: 'twiceEncoded', code: 'HF-P212', says: 'look like UTF-8 that was encoded twice' },
  { trap: 'unconvertible', code: 'HF-P213', says: 'hold characters that the server cannot convert to UTF-8' },
  { trap: 'invalidJson', code: 'HF-P221', says: 'are not JSON' },
  { trap: 'jsonNul', code: 'HF-P220', says: 'hold \\u0000' },
  { trap: 'jsonSurrogate', code: 'HF-P220', says: 'hold a lone surrogate' },
  { trap: 'enumError', code: 'HF-P223', says: "hold the error value ''" },
]

function valueFindings(table: string, column: string, facts: Facts, exact: boolean): Finding[] {
  return TRAPS.flatMap(({ trap, code, says }) => {
    const value = facts.count(trap)
    if (value === 0) return []
    return [finding(code, { table, column, count: { value, exact }, message: sentence(value, exact, says) })]
  })
}

/** `1 row holds …`, `at least 3 rows hold …`. */
function sentence(value: number, exact: boolean, says: string): string {
  const one = says
    .replace(/^(hold|print|look)\b/, '$1s')
    .replace(/^are\b/, 'is')
    .replace(/^do\b/, 'does')
  return `${rowCount(value, exact)} ${value === 1 ? one : says}`
}

function typeFindings(table: string, look: ColumnLook, facts: Facts, exact: boolean): Finding[] {
  const { column, proposal } = look
  const source = parseColumnType(column.type)
  const found: Finding[] = []
  const add = (code: FindingCode, message: string): unknown =>
    found.push(finding(code, { table, column: column.name, message }))
  if (source.base === 'bigint' && source.unsigned && facts.count('beyondBigint') === 0) {
    if (proposal.type === 'bigint') add('HF-P121', `unsigned, largest value ${facts.max ?? 'none'}: bigint proposed`)
    else add('HF-P120', 'unsigned and not looked at completely: numeric(20,0) proposed')
  }
  if (proposal.type === 'smallint' && source.base === 'tinyint' && source.numbers[0] === 1 && !exact) {
    if (facts.count('notBoolean') === 0) add('HF-P122', 'only a sample was looked at')
  }
  if (source.base === 'enum') add('HF-P123', `ENUM of ${source.members.length} members`)
  if (source.base === 'set') add('HF-P124', `SET of ${source.members.length} members`)
  if (source.base === 'geometry') add('HF-P125', column.type)
  if (source.base === 'vector') add('HF-P126', column.type)
  if (source.base === 'binary' && source.numbers[0] === 16) add('HF-P127', column.type)
  if (source.zerofill) add('HF-P128', column.type)
  if (!KNOWN.test(source.base)) add('HF-P129', `${column.type} is carried as ${proposal.type}`)
  if (column.generated)
    add('HF-P130', `${column.generated.stored ? 'stored' : 'virtual'}, ${column.generated.expression}`)
  if (column.onUpdateNow) add('HF-P132', 'ON UPDATE CURRENT_TIMESTAMP')
  if (look.default === 'unknown') add('HF-P133', `default ${describeDefault(column)}`)
  if (look.default === 'zero') add('HF-P134', `default ${describeDefault(column)}`)
  if (column.autoIncrement && proposal.type.startsWith('numeric'))
    add('HF-P135', `AUTO_INCREMENT becomes ${proposal.type}`)
  if (column.invisible) add('HF-P139', 'invisible in the source')
  if (facts.bytes > 256 * 1024 * 1024) add('HF-P161', `values of up to ${facts.bytes} bytes`)
  return found
}

const KNOWN =
  /^((tiny|small|medium|big)?int|year|decimal|float|double|bit|date|datetime|timestamp|time|char|varchar|(tiny|medium|long)?text|enum|set|json|(var)?binary|(tiny|medium|long)?blob|geometry|vector|uuid|inet[46])$/

function describeDefault({ default: given }: SourceColumn): string {
  if (given === null) return ''
  if (given.kind === 'expression') return given.sql
  return given.kind === 'literal' ? `'${given.value}'` : given.kind
}

const TRANSACTIONAL = /^(innodb|rocksdb|tokudb|ndbcluster|xtradb)\b/i

function storageFindings(table: SourceTable): Finding[] {
  const found: Finding[] = []
  const [engine = ''] = table.storage.split(',')
  const facts = { table: table.name }
  if (!TRANSACTIONAL.test(engine)) found.push(finding('HF-P150', { ...facts, message: `engine ${engine}` }))
  if (table.storage.includes('system versioned')) {
    found.push(finding('HF-P151', { ...facts, message: 'old versions of rows are not copied' }))
  }
  if (table.storage.includes('partitioned')) {
    found.push(finding('HF-P153', { ...facts, message: 'partitioned in the source' }))
  }
  if (table.primaryKey.length === 0 && !table.indexes.some((index) => index.unique)) {
    found.push(finding('HF-P110', { ...facts, message: 'no primary or unique key' }))
  }
  const wall = table.columns.filter((column) => column.type.startsWith('datetime')).map((column) => column.name)
  if (wall.length > 0) found.push(finding('HF-P136', { ...facts, message: `DATETIME has no zone: ${wall.join(', ')}` }))
  return found
}

/** Binary collations compare bytes; `_bin` ones may still ignore trailing spaces. */
function isExact(column: SourceColumn | undefined): boolean {
  return column === undefined || column.collation === null || /_bin$|^binary$/.test(column.collation)
}

function collationFindings(table: SourceTable): Finding[] {
  const found: Finding[] = []
  const column = (name: string | null): SourceColumn | undefined => table.columns.find((one) => one.name === name)
  const keys = [
    { name: 'primary key', columns: table.primaryKey },
    ...table.indexes
      .filter((index) => index.unique)
      .map((index) => ({ name: `unique key ${index.name}`, columns: index.parts.map((part) => part.column) })),
  ]
  for (const key of keys) {
    const inexact = key.columns.map(column).filter((one) => !isExact(one))
    for (const one of inexact) {
      if (!one) continue
      found.push(
        finding('HF-P112', {
          table: table.name,
          column: one.name,
          message: `${one.collation} in the ${key.name}`,
        }),
      )
    }
  }
  const loose = table.columns.filter((one) => !isExact(one)).map((one) => one.name)
  if (loose.length > 0) {
    found.push(
      finding('HF-P113', { table: table.name, message: `compared without regard to case: ${loose.join(', ')}` }),
    )
  }
  return found
}

/** A btree entry of PostgreSQL holds about this many bytes. */
const MAX_INDEX_ENTRY = 2700

function indexFindings(table: SourceTable, profile: Profile): Finding[] {
  const found: Finding[] = []
  for (const index of table.indexes) {
    const add = (code: FindingCode, message: string): unknown =>
      found.push(finding(code, { table: table.name, message: `index ${index.name}: ${message}` }))
    if (index.kind === 'fulltext') add('HF-P117', 'FULLTEXT')
    else if (index.kind === 'spatial') add('HF-P118', 'SPATIAL')
    else if (index.parts.some((part) => part.expression !== null)) add('HF-P119', 'on an expression')
    else if (index.parts.some((part) => part.prefix !== null)) {
      add(
        'HF-P116',
        index.parts.map((part) => `${part.column}${part.prefix === null ? '' : `(${part.prefix})`}`).join(', '),
      )
    } else {
      const bytes = index.parts.reduce((sum, part) => sum + (profile.facts.get(part.column ?? '')?.bytes ?? 0), 0)
      if (bytes > MAX_INDEX_ENTRY) add('HF-P160', `values of up to ${bytes} bytes`)
    }
  }
  return found
}
