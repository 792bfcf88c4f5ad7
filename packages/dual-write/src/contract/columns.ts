/** Which codec a column gets: by the types of both sides. */
import { noRule } from './codec.ts'
import type { Codec, ColumnContext } from './codec.ts'
import { bitCodec, decimalCodec, floatCodec, integerCodec } from './numbers.ts'
import { bytesCodec, enumCodec, jsonCodec, setCodec, textCodec, uuidCodec } from './texts.ts'
import { isoTime, mysqlTime } from './times.ts'

/** @throws DeclarationError when there is no rule for the pair. */
export function codecOf(context: ColumnContext, engine: 'mysql' | 'sqlite'): Codec {
  return engine === 'mysql' ? mysqlCodec(context) : sqliteCodec(context)
}

function mysqlCodec(context: ColumnContext): Codec {
  const { source, target } = context
  switch (source.base) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      if (source.zerofill && isText(target.name)) throw noRule(context)
      return integerCodec(context, 'mysql')
    case 'decimal':
      return decimalCodec(context)
    case 'float':
    case 'double':
      return floatCodec(context, 'mysql')
    case 'bit':
      return bitCodec(context)
    case 'date':
    case 'datetime':
    case 'timestamp':
      if (target.name !== 'timestamptz' && target.name !== 'timestamp' && target.name !== 'date') throw noRule(context)
      return mysqlTime(context)
    case 'char':
    case 'varchar':
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return characters(context)
    case 'enum':
      if (isText(target.name)) return enumCodec(context)
      throw noRule(context)
    case 'set':
      if (isText(target.name) || target.name === 'array') return setCodec(context)
      throw noRule(context)
    case 'json':
      if (target.name === 'jsonb') return jsonCodec(context)
      throw noRule(context)
    case 'uuid':
      if (target.name === 'uuid') return uuidCodec(context)
      throw noRule(context)
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      if (target.name === 'uuid') return uuidCodec(context)
      if (target.name === 'bytea') return bytesCodec(context)
      throw noRule(context)
    default:
      throw noRule(context)
  }
}

function characters(context: ColumnContext): Codec {
  const { target } = context
  if (isText(target.name)) return textCodec(context)
  if (target.name === 'json' || target.name === 'jsonb') return jsonCodec(context)
  if (target.name === 'uuid') return uuidCodec(context)
  throw noRule(context)
}

/** SQLite keeps what its affinity lets through; only pairs in which the value stays what it is have a rule. */
function sqliteCodec(context: ColumnContext): Codec {
  const { source, target } = context
  const { affinity } = source
  switch (target.name) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'bool':
      if (affinity === 'text') throw noRule(context)
      return integerCodec(context, 'sqlite')
    case 'float4':
    case 'float8':
    case 'numeric':
      if (affinity === 'text') throw noRule(context)
      return floatCodec(context, 'sqlite')
    case 'text':
    case 'varchar':
    case 'bpchar':
      // Other affinities turn text that looks like a number into one.
      if (affinity !== 'text' && affinity !== 'blob') throw noRule(context)
      return textCodec(context)
    case 'json':
    case 'jsonb':
      if (affinity !== 'text' && affinity !== 'blob') throw noRule(context)
      return jsonCodec(context)
    case 'bytea':
      return bytesCodec({ ...context, source: { ...source, numbers: [], base: 'blob of any size' } })
    case 'uuid':
      return uuidCodec(context)
    case 'timestamptz':
    case 'timestamp':
    case 'date':
      return context.unit === null ? isoTime(context) : integerCodec(context, 'sqlite')
    default:
      throw noRule(context)
  }
}

function isText(name: string): boolean {
  return name === 'text' || name === 'varchar' || name === 'bpchar'
}
