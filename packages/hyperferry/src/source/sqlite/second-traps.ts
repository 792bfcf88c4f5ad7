/** Classes of values that have gone wrong in some tool: each as a predicate that SQLite answers. */
import type { SecondColumn } from './second-rendering.ts'

export interface Trap {
  name: string
  column: string
  sql: string
}

/** The classes that make sense for the column's target type. */
export function trapsOf({ sql: c, type, column }: SecondColumn): Trap[] {
  const number = `typeof(${c}) IN ('integer', 'real')`
  const text = `typeof(${c}) = 'text'`
  const classes: Record<string, string> = {}
  switch (type.name) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
      classes['negative'] = `${number} AND ${c} < 0`
      classes['beyond 2^53'] = `${number} AND (${c} > 9007199254740992 OR ${c} < -9007199254740992)`
      classes['real'] = `typeof(${c}) = 'real'`
      classes['text'] = text
      break
    case 'float4':
    case 'float8':
      classes['negative'] = `${number} AND ${c} < 0`
      classes['huge'] = `${number} AND abs(CAST(${c} AS REAL)) > 1e15`
      classes['tiny'] = `${number} AND ${c} <> 0 AND abs(CAST(${c} AS REAL)) < 1e-5`
      classes['zero'] = `${number} AND ${c} = 0`
      classes['integer'] = `typeof(${c}) = 'integer'`
      break
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      classes['fraction'] = `(${text} AND instr(${c}, '.') > 0) OR typeof(${c}) = 'real'`
      classes['offset'] =
        `${text} AND (${c} GLOB '*[Zz]' OR ${c} GLOB '*:[0-9][0-9][+-][0-9]*' OR ${c} GLOB '*.*[+-][0-9]*')`
      classes['before 1970'] = `(${number} AND ${c} < 0) OR (${text} AND ${c} < '1970')`
      classes['number'] = number
      classes['short'] = `${text} AND length(${c}) < 19`
      classes['last second'] = `${text} AND instr(${c}, ':59') > 0 AND instr(${c}, '23:') > 0`
      break
    case 'text':
    case 'varchar':
    case 'bpchar':
      classes['empty'] = `${text} AND ${c} = ''`
      classes['not ASCII'] = `${text} AND ${c} GLOB '*[^ -~]*'`
      classes['beyond the basic plane'] = `${text} AND ${c} GLOB '*[' || char(65536) || '-' || char(1114111) || ']*'`
      classes['space at an end'] = `${text} AND (${c} GLOB ' *' OR ${c} GLOB '* ')`
      classes['backslash or quote'] =
        `${text} AND (instr(${c}, '\\') > 0 OR instr(${c}, '''') > 0 OR instr(${c}, '"') > 0)`
      classes['long'] = `${text} AND length(${c}) > 2000`
      classes['number'] = number
      classes['NUL'] = `${text} AND instr(${c}, char(0)) > 0`
      break
    case 'bytea':
      classes['empty'] = `length(${c}) = 0`
      classes['zero byte'] = `instr(CAST(${c} AS BLOB), x'00') > 0`
      classes['text'] = text
      break
    default:
      classes['any'] = `${c} IS NOT NULL`
  }
  classes['null'] = `${c} IS NULL`
  return Object.entries(classes).map(([name, sql]) => ({ name, column: column.source, sql }))
}
