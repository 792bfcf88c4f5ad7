/** Which codec a column gets: by the types of both sides, as the engine's transcoders decide it (docs/reference/types.md). */
import { bitCodec, geometryCodec, mysqlBytes, mysqlBytesAsText, sqliteBytes } from './bytes.ts'
import { noRule } from './codec.ts'
import type { Codec, ColumnContext } from './codec.ts'
import { inetCodec, uuidCodec } from './identifiers.ts'
import { mysqlJson, sqliteJson } from './json.ts'
import { decimalCodec, floatCodec, mysqlInteger, yearCodec } from './numbers.ts'
import { sqliteFloat, sqliteInteger, sqliteNumeric } from './sqlite-numbers.ts'
import { sqliteTime, sqliteTimeOfDay } from './sqlite-times.ts'
import { enumCodec, mysqlText, setCodec, sqliteText, textToBytes } from './texts.ts'
import { mysqlTime, mysqlTimeOfDay } from './times.ts'

/** @throws DeclarationError when there is no rule for the pair. */
export function codecOf(context: ColumnContext, engine: 'mysql' | 'sqlite'): Codec {
  return engine === 'mysql' ? mysqlCodec(context) : sqliteCodec(context)
}

function mysqlCodec(context: ColumnContext): Codec {
  switch (context.source.base) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return mysqlInteger(context)
    case 'year':
      return yearCodec(context)
    case 'decimal':
      // As text the engine reads the zeros that ZEROFILL shows.
      if (context.source.zerofill && isText(context)) throw noRule(context)
      return decimalCodec(context)
    case 'float':
    case 'double':
      return floatCodec(context)
    case 'bit':
      return bitCodec(context)
    case 'date':
    case 'datetime':
    case 'timestamp':
      return mysqlTime(context)
    case 'time':
      return mysqlTimeOfDay(context)
    case 'geometry':
      return geometryCodec(context)
    case 'enum':
      if (isText(context)) return enumCodec(context)
      throw noRule(context)
    case 'set':
      if (isText(context) || context.target.name === 'array') return setCodec(context)
      throw noRule(context)
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
    case 'vector':
      return mysqlBinary(context)
    default:
      return mysqlCharacters(context)
  }
}

function isText({ target }: ColumnContext): boolean {
  return target.name === 'text' || target.name === 'varchar' || target.name === 'bpchar'
}

function mysqlBinary(context: ColumnContext): Codec {
  switch (context.target.name) {
    case 'bytea':
      return mysqlBytes(context)
    case 'uuid':
      return uuidCodec(context, 'mysql')
    case 'inet':
      return inetCodec(context, 'mysql')
    case 'json':
    case 'jsonb':
      return mysqlJson(context)
    case 'text':
    case 'varchar':
      return mysqlBytesAsText(context)
    default:
      throw noRule(context)
  }
}

const CHARACTERS = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'])

function mysqlCharacters(context: ColumnContext): Codec {
  const { source, target } = context
  if (source.base === 'json' && (isText(context) || target.name === 'json' || target.name === 'jsonb')) {
    return mysqlJson(context)
  }
  if (source.base === 'uuid' && (isText(context) || target.name === 'uuid')) return uuidCodec(context, 'mysql')
  if (/^inet[46]$/.test(source.base) && (isText(context) || target.name === 'inet')) return inetCodec(context, 'mysql')
  if (!CHARACTERS.has(source.base)) throw noRule(context)
  switch (target.name) {
    case 'text':
    case 'varchar':
    case 'bpchar':
      return mysqlText(context)
    case 'json':
    case 'jsonb':
      return mysqlJson(context)
    case 'uuid':
      return uuidCodec(context, 'mysql')
    case 'inet':
      return inetCodec(context, 'mysql')
    case 'bytea':
      return textToBytes(context, 'mysql')
    default:
      throw noRule(context)
  }
}

function sqliteCodec(context: ColumnContext): Codec {
  switch (context.target.name) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'bool':
      return sqliteInteger(context)
    case 'numeric':
      return sqliteNumeric(context)
    case 'float4':
    case 'float8':
      return sqliteFloat(context)
    case 'text':
    case 'varchar':
    case 'bpchar':
      return sqliteText(context)
    case 'json':
    case 'jsonb':
      return sqliteJson(context)
    case 'bytea':
      return sqliteBytes(context)
    case 'uuid':
      return uuidCodec(context, 'sqlite')
    case 'inet':
      return inetCodec(context, 'sqlite')
    case 'timestamptz':
    case 'timestamp':
    case 'date':
      return sqliteTime(context)
    case 'time':
      return sqliteTimeOfDay(context)
    default:
      throw noRule(context)
  }
}
