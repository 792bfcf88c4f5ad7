/** What is asked about the values of one column: aggregate expressions by type, and the merging of their answers. */
import type { SourceColumn } from '../../model.ts'
import { axisScale } from './axis-position.ts'
import { parseColumnType } from './column-type.ts'
import { ident } from './quote.ts'
import { isUtf8Stored, lossyCondition } from './select.ts'

/** Trap classes that are counted; a class is absent when the type cannot have it. */
export type Trap =
  | 'beyondBigint'
  | 'notBoolean'
  | 'zero'
  | 'zeroDate'
  | 'invalidDay'
  | 'stray'
  | 'outsideDay'
  | 'printsDifferently'
  | 'nul'
  | 'invalidText'
  | 'twiceEncoded'
  | 'unconvertible'
  | 'invalidJson'
  | 'jsonNul'
  | 'jsonSurrogate'
  | 'enumError'

export interface Question {
  fact: 'nulls' | 'min' | 'max' | 'bytes' | Trap
  /** Aggregate over the rows looked at. */
  sql: string
}

/** A few aggregates; one SELECT asks those of all columns. */
export function questions(column: SourceColumn, mariadb: boolean): Question[] {
  const name = ident(column.name)
  const type = parseColumnType(column.type)
  const list: Question[] = []
  const ask = (fact: Question['fact'], sql: string): number => list.push({ fact, sql })
  const count = (trap: Trap, condition: string): number => ask(trap, `SUM(${condition})`)
  // `IS NULL` on a NOT NULL date column would find zero dates.
  if (column.nullable) ask('nulls', `SUM(ISNULL(${name}))`)
  const scale = axisScale(type)
  if (scale?.kind === 'integer') {
    ask('min', `MIN(${name})`)
    ask('max', `MAX(${name})`)
    if (type.base === 'bigint' && type.unsigned) count('beyondBigint', `${name} > 9223372036854775807`)
    if (type.base === 'tinyint' && type.numbers[0] === 1) count('notBoolean', `${name} NOT IN (0, 1)`)
    if (column.autoIncrement) count('zero', `${name} = 0`)
  } else if (scale?.kind === 'time') {
    const zero = `(MONTH(${name}) = 0 OR DAYOFMONTH(${name}) = 0)`
    ask('min', `MIN(IF(${zero}, NULL, ${name}))`)
    ask('max', `MAX(IF(${zero}, NULL, ${name}))`)
    count('zeroDate', zero)
    count('stray', `NOT ${zero} AND YEAR(${name}) NOT BETWEEN 1971 AND 2100`)
    count('invalidDay', `NOT ${zero} AND DAYOFMONTH(${name}) > DAYOFMONTH(LAST_DAY(${firstOfMonth(name)}))`)
  } else if (type.base === 'time') {
    count('outsideDay', `${name} < TIME'00:00:00' OR ${name} > TIME'24:00:00'`)
  } else if (type.base === 'float') {
    count('printsDifferently', `CONCAT(${name}) + 0e0 <> ${name} + 0e0`)
  } else if (type.base === 'enum') {
    count('enumError', `${name} + 0 = 0`)
  } else if (type.base === 'json') {
    for (const question of jsonQuestions(name, mariadb)) list.push(question)
  } else if (column.charset !== null && type.base !== 'set') {
    for (const question of textQuestions(name, column)) list.push(question)
  } else if (BLOBS.test(type.base)) {
    ask('bytes', `MAX(OCTET_LENGTH(${name}))`)
  }
  return list
}

const BLOBS = /blob$|binary$/

function firstOfMonth(name: string): string {
  return `CONCAT(LPAD(YEAR(${name}), 4, '0'), '-', LPAD(MONTH(${name}), 2, '0'), '-01')`
}

function textQuestions(name: string, column: SourceColumn): Question[] {
  const utf8 = isUtf8Stored(column) ? name : `CONVERT(${name} USING utf8mb4)`
  // Bytes are compared: some collations ignore NUL altogether.
  const list: Question[] = [
    { fact: 'bytes', sql: `MAX(OCTET_LENGTH(${utf8}))` },
    { fact: 'nul', sql: `SUM(LOCATE(0x00, CONVERT(${utf8} USING binary)) > 0)` },
  ]
  const raw = `CONVERT(${name} USING binary)`
  const asUtf8 = `CONVERT(${raw} USING utf8mb4)`
  const validUtf8 = `CONVERT(${asUtf8} USING binary) <=> ${raw}`
  const charset = column.charset ?? ''
  if (isUtf8Stored(column)) {
    list.push({ fact: 'invalidText', sql: `SUM(NOT ISNULL(${name}) AND NOT (${validUtf8}))` })
    const latin = `CONVERT(${name} USING latin1)`
    const again = `CONVERT(CONVERT(${latin} USING binary) USING utf8mb4)`
    const lossless = `CONVERT(CONVERT(${latin} USING utf8mb4) USING binary) <=> CONVERT(${asUtf8} USING binary)`
    const valid = `CONVERT(${again} USING binary) <=> CONVERT(${latin} USING binary)`
    list.push({
      fact: 'twiceEncoded',
      sql: `SUM(${lossless} AND ${valid} AND CHAR_LENGTH(${again}) < CHAR_LENGTH(${name}))`,
    })
  } else if (charset === 'latin1') {
    list.push({ fact: 'twiceEncoded', sql: `SUM(${validUtf8} AND CHAR_LENGTH(${asUtf8}) < OCTET_LENGTH(${name}))` })
  }
  const misfit = lossyCondition(column)
  if (misfit !== null) list.push({ fact: 'unconvertible', sql: `SUM(${misfit})` })
  return list
}

function jsonQuestions(name: string, mariadb: boolean): Question[] {
  // Without escaped backslashes every `\u` left begins an escape.
  const text = String.raw`REPLACE(${name}, '\\\\', '')`
  const list: Question[] = [{ fact: 'jsonNul', sql: String.raw`SUM(LOCATE('\\u0000', ${text}) > 0)` }]
  // MySQL's own JSON type is always valid and has no lone surrogates.
  if (!mariadb) return list
  const pairs = String.raw`'(?i)\\\\ud[89ab][0-9a-f]{2}\\\\ud[c-f][0-9a-f]{2}'`
  list.push(
    { fact: 'invalidJson', sql: `SUM(NOT JSON_VALID(${name}))` },
    { fact: 'jsonSurrogate', sql: String.raw`SUM(REGEXP_REPLACE(${text}, ${pairs}, '') REGEXP '(?i)\\\\ud[89a-f]')` },
    { fact: 'nul', sql: `SUM(LOCATE(0x00, CONVERT(${name} USING binary)) > 0)` },
  )
  return list
}

/** Answers of several parts of a table as one. `min` and `max` are compared as numbers or, for times, as text. */
export class Facts {
  nulls = 0
  min: string | null = null
  max: string | null = null
  /** Longest value in bytes. */
  bytes = 0
  readonly #counts = new Map<Trap, number>()

  /** Rows of the trap class among those looked at. */
  count(trap: Trap): number {
    return this.#counts.get(trap) ?? 0
  }

  add(fact: Question['fact'], answer: string | null): void {
    if (answer === null) return
    switch (fact) {
      case 'nulls':
        this.nulls += Number(answer)
        break
      case 'bytes':
        this.bytes = Math.max(this.bytes, Number(answer))
        break
      case 'min':
        if (this.min === null || less(answer, this.min)) this.min = answer
        break
      case 'max':
        if (this.max === null || less(this.max, answer)) this.max = answer
        break
      default:
        this.#counts.set(fact, this.count(fact) + Number(answer))
    }
  }
}

function less(a: string, b: string): boolean {
  return /^-?\d+$/.test(a) && /^-?\d+$/.test(b) ? BigInt(a) < BigInt(b) : a < b
}
