/** Canonical text of one column (docs/design/0007), rendered by the source server. Part of the second opinion: it must not import encoders or the transcoder. */
import { createHash } from 'node:crypto'
import type { PlannedColumn, SourceColumn } from '../../model.ts'
import { LONG_VALUE_BYTES } from '../source.ts'
import { parseColumnType } from './column-type.ts'
import type { ColumnType } from './column-type.ts'
import { ident } from './quote.ts'
import {
  ewkb,
  floorFraction,
  intervalMicros,
  members,
  plainNumber,
  repairedText,
  timeOfDay,
  uuidOfHex,
} from './second-text.ts'
import { toUtc } from './second-zone.ts'
import { selectColumn } from './select.ts'

export interface CanonicalColumn {
  /** SQL of the server's text. */
  sql: string
  /** What is left to do on the text; never sees null. */
  finish(text: string): string | null
}

/** How a planned column is shown by the source. `timezone` is the zone of wall-clock values. */
export function canonicalColumn(planned: PlannedColumn, live: SourceColumn, timezone: string): CanonicalColumn {
  const source = parseColumnType(live.type)
  const name = ident(live.name)
  const base = planned.type.toLowerCase().replace(/\(.*/, '').trim()
  switch (KIND.get(source.base) ?? 'text') {
    case 'number':
      return number({ planned, source, name, base })
    case 'moment':
      return moment({ planned, source, name, base }, planned.rules.timezone ?? timezone)
    case 'time':
      return time(planned, name, base)
    case 'bytes':
      return bytes({ planned, source, name, base })
    case 'set':
      return planned.type.endsWith('[]')
        ? { sql: hexOf(live, planned), finish: members }
        : { sql: hexOf(live, planned), finish: same }
    case 'text':
      return text(planned, live, base)
  }
}

type Kind = 'number' | 'moment' | 'time' | 'bytes' | 'set' | 'text'

const KIND = new Map<string, Kind>([
  ...each('number', 'tinyint smallint mediumint int bigint decimal float double year bit'),
  ...each('moment', 'date datetime timestamp'),
  ...each('time', 'time'),
  ...each('bytes', 'binary varbinary tinyblob blob mediumblob longblob geometry vector'),
  ...each('set', 'set'),
])

function each(kind: Kind, names: string): [string, Kind][] {
  return names.split(' ').map((name) => [name, kind])
}

interface Shape {
  planned: PlannedColumn
  source: ColumnType
  name: string
  /** Target type without its modifier. */
  base: string
}

function same(value: string): string {
  return value
}

function isText(base: string): boolean {
  return base === 'text' || base === 'varchar' || base === 'character varying' || base === 'bpchar' || base === 'char'
}

function hexOfAscii(value: string): string {
  return Buffer.from(value, 'latin1').toString('hex')
}

function number({ planned, source, name, base }: Shape): CanonicalColumn {
  const { unit } = planned.rules
  if (unit !== undefined && /^(timestamp|date)/.test(base)) return epoch(planned, name, base)
  if (source.base === 'bit') {
    const width = source.numbers[0] ?? 1
    if (base === 'bit' || base === 'varbit') return { sql: `LPAD(BIN(${name} + 0), ${width}, '0')`, finish: same }
    if (base === 'bytea') return { sql: `LOWER(HEX(${name}))`, finish: same }
    return { sql: `CONCAT(CAST(${name} AS UNSIGNED))`, finish: same }
  }
  // `* 1e0` shows a FLOAT as the double it is, and keeps −0. Not as a string expression: MySQL would cut that to 22 characters.
  if (source.base === 'float' || source.base === 'double') {
    return { sql: `${name} * 1e0`, finish: base === 'real' || base.startsWith('double') ? same : plainNumber }
  }
  if (source.base === 'year') return { sql: `CONCAT(${name} + 0)`, finish: same }
  // ZEROFILL pads what is not an expression.
  const shown = source.zerofill ? `CONCAT(${name} + 0)` : `CONCAT(${name})`
  if (isText(base)) return { sql: shown, finish: hexOfAscii }
  return { sql: shown, finish: plainNumber }
}

/** Seconds (or parts of them) since 1970 as a date; by days first, so that nothing overflows. */
function epoch(planned: PlannedColumn, name: string, base: string): CanonicalColumn {
  const { unit } = planned.rules
  const perSecond = unit === 's' ? 1 : unit === 'ms' ? 1000 : unit === 'us' ? 1_000_000 : 1_000_000_000
  const perDay = 86_400 * perSecond
  const whole = `CAST(${name} AS DECIMAL(20,0))`
  const days = `FLOOR(${whole} / ${perDay})`
  const rest = `(${whole} - ${days} * ${perDay})`
  const micros = unit === 'ns' ? `FLOOR(${rest} / 1000)` : `${rest} * ${1_000_000 / perSecond}`
  const instant = `DATE_ADD(DATE_ADD(TIMESTAMP'1970-01-01 00:00:00.000000', INTERVAL ${days} DAY), INTERVAL ${micros} MICROSECOND)`
  return { sql: `DATE_FORMAT(${instant}, ${FORMAT})`, finish: momentFinish(planned, base) }
}

const FORMAT = "'%Y-%m-%dT%H:%i:%s.%f'"

function moment({ planned, source, name, base }: Shape, zone: string): CanonicalColumn {
  if (isText(base)) return { sql: `CAST(${name} AS CHAR)`, finish: hexOfAscii }
  const { zeroDate = 'quarantine' } = planned.rules
  const zero = `(MONTH(${name}) = 0 OR DAYOFMONTH(${name}) = 0)`
  const shown = `DATE_FORMAT(${name}, ${FORMAT})`
  const end = momentFinish(planned, base)
  const finish =
    source.base !== 'timestamp' && base === 'timestamptz' && !/^(utc|etc\/utc|gmt|z)$/i.test(zone)
      ? (value: string): string => end(toUtc(value, zone))
      : end
  if (zeroDate === 'quarantine') return { sql: shown, finish }
  const instead = zeroDate === 'null' ? 'NULL' : `DATE_FORMAT('${zeroDate.replaceAll(/[^\dT :.-]/g, '')}', ${FORMAT})`
  return { sql: `IF(${zero}, ${instead}, ${shown})`, finish }
}

function momentFinish(planned: PlannedColumn, base: string): (value: string) => string {
  if (base === 'date') return (value) => value.replace(/T.*/, '')
  const digits = /\((\d)\)/.exec(planned.type)?.[1]
  return (value) => floorFraction(value, digits === undefined ? 6 : Number(digits))
}

function time(planned: PlannedColumn, name: string, base: string): CanonicalColumn {
  const digits = Number(/\((\d)\)/.exec(planned.type)?.[1] ?? 6)
  const sql = `CAST(${name} AS CHAR)`
  if (isText(base)) return { sql, finish: hexOfAscii }
  if (base === 'interval') return { sql, finish: (value) => intervalMicros(value, digits) }
  return { sql, finish: (value) => timeOfDay(value, digits) }
}

function bytes({ planned, source, name, base }: Shape): CanonicalColumn {
  if (source.base === 'geometry') {
    return { sql: `CONCAT(ST_SRID(${name}), ' ', HEX(${name}))`, finish: (value) => shortened(ewkb(value)) }
  }
  const sql = `LOWER(HEX(${name}))`
  if (base === 'uuid') return { sql, finish: (value) => uuidOfHex(value, planned.rules.swappedUuid === true) }
  if (base === 'inet') return { sql: `INET6_NTOA(${name})`, finish: same }
  if (!isText(base) || !isRepaired(planned)) return { sql: hexOrHash(name), finish: same }
  return { sql, finish: (value) => shortened(repairedText(value, planned.rules)) }
}

function hexOf(live: SourceColumn, planned: PlannedColumn): string {
  return `LOWER(HEX(${utf8Of(live, planned)}))`
}

/** Types without a character set, such as MariaDB's own, become text first. */
function utf8Of(live: SourceColumn, { rules }: PlannedColumn): string {
  return live.charset === null ? `CONVERT(${ident(live.name)} USING utf8mb4)` : selectColumn(live, rules)
}

/** Hex, or length and hash of a long value: HEX() of one is NULL when it exceeds max_allowed_packet. */
function hexOrHash(bytesSql: string): string {
  const long = `CONCAT('#', OCTET_LENGTH(${bytesSql}), ':', SHA2(${bytesSql}, 256))`
  return `IF(OCTET_LENGTH(${bytesSql}) > ${LONG_VALUE_BYTES}, ${long}, LOWER(HEX(${bytesSql})))`
}

/** A rule that changes text needs all of it; such columns are rare and stay in full. */
function isRepaired({ rules }: PlannedColumn): boolean {
  return (rules.nul ?? 'quarantine') !== 'quarantine' || (rules.invalidText ?? 'quarantine') !== 'quarantine'
}

/** The same short form, of a text that was rendered in full. */
function shortened(hex: string): string {
  if (hex.length <= 2 * LONG_VALUE_BYTES) return hex
  return `#${hex.length / 2}:${createHash('sha256').update(hex, 'hex').digest('hex')}`
}

function text(planned: PlannedColumn, live: SourceColumn, base: string): CanonicalColumn {
  if (base === 'uuid') return { sql: `LOWER(CAST(${ident(live.name)} AS CHAR))`, finish: same }
  if (base === 'inet') return { sql: `CAST(${ident(live.name)} AS CHAR)`, finish: same }
  if (base === 'json' || base === 'jsonb') return { sql: hexOf(live, planned), finish: same }
  if (base === 'bytea') return { sql: hexOrHash(utf8Of(live, planned)), finish: same }
  const padded = base === 'bpchar' || base === 'char' || base === 'character'
  if (!padded && !isRepaired(planned)) return { sql: hexOrHash(utf8Of(live, planned)), finish: same }
  return {
    sql: hexOf(live, planned),
    finish: (value) => {
      const repaired = repairedText(value, planned.rules)
      return shortened(padded ? repaired.replace(/(?:20)+$/, '') : repaired)
    },
  }
}
