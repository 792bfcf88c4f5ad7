// Canonical text (docs/design/0007) on the target's side: the second opinion is rendered by the server, in SQL of its own.
import type { PgType, PgTypeName } from '../values/pgtype.ts'
import { parsePgType } from '../values/pgtype.ts'

/** docs/design/0007; the sources have their own, as the target knows no source. */
const LONG_VALUE_BYTES = 4096

/**
 * SQL expression that renders a column as canonical text; NULL stays NULL. The text never holds a tab, a line break or a backslash.
 * Floats come as the server's shortest decimal of the value as a double (the session needs `extra_float_digits` ≥ 1) and JSON as hex of
 * the server's text: their last step, to one form, is the comparer's.
 * `type` is the plan's target type, `ident` a quoted column name or any SQL expression of that type.
 */
export function canonicalColumn(type: string, ident: string): string {
  return canonicalOf(parsePgType(type), ident)
}

function canonicalOf(type: PgType, ident: string): string {
  if (type.arrayOf !== null) return arrayOf(type.arrayOf, ident)
  return expressions[type.name](ident)
}

const plain = (c: string): string => `(${c})::text`
const hexOfText = (c: string): string => `encode(convert_to((${c})::text, 'UTF8'), 'hex')`
const shortText = (c: string): string => orHash(`convert_to((${c})::text, 'UTF8')`)

/** Long values by length and hash: a sample must fit in memory. `bytes` is SQL of a bytea. */
function orHash(bytes: string): string {
  const long = `'#' || octet_length(${bytes}) || ':' || encode(sha256(${bytes}), 'hex')`
  return `case when octet_length(${bytes}) > ${LONG_VALUE_BYTES} then ${long} else encode(${bytes}, 'hex') end`
}
const float = (c: string): string => `(${c})::float8::text`

const expressions: Record<PgTypeName, (c: string) => string> = {
  int2: plain,
  int4: plain,
  int8: plain,
  numeric: (c) => `trim_scale(${c})::text`,
  float4: float,
  float8: float,
  bool: (c) => `(${c})::int::text`,
  text: shortText,
  varchar: shortText,
  // The cast to text drops the padding, which is no part of the value.
  bpchar: shortText,
  bytea: (c) => orHash(`(${c})`),
  date: (c) => finite(c, `${yearOf(c)} || ${twoDigits('month', c)} || ${twoDigits('day', c)}`),
  timestamp: (c) => finite(c, instant(c)),
  timestamptz: (c) => finite(c, instant(`((${c}) at time zone 'UTC')`)),
  time: (c) => `to_char((${c})::interval, 'HH24:MI:SS.US')`,
  // Months have no length: an interval that holds some is shown as it is, which no source text equals.
  interval: (c) =>
    `case when extract(year from ${c}) <> 0 or extract(month from ${c}) <> 0 then 'months ' || (${c})::text ` +
    `else trim_scale(extract(epoch from ${c}) * 1000000)::text end`,
  uuid: plain,
  json: hexOfText,
  jsonb: hexOfText,
  bit: plain,
  varbit: plain,
  // The cast to text always writes the mask, the form in use only when it is not the whole address.
  inet: (c) =>
    `case when masklen(${c}) = case family(${c}) when 4 then 32 else 128 end then host(${c}) else (${c})::text end`,
  array: () => {
    throw new TypeError('an array type without its element')
  },
}

function finite(c: string, form: string): string {
  return `case when isfinite(${c}) then ${form} else (${c})::text end`
}

function instant(c: string): string {
  return `${yearOf(c)} || to_char(${c}, '-MM-DD"T"HH24:MI:SS.US')`
}

/** Astronomical: year 0 is 1 BC. Told by hand, as to_char drops the sign, and makes a timestamp of a date, which may be too far away for one. */
function yearOf(c: string): string {
  const year = `extract(year from ${c})`
  const astronomical = `(${year} + case when ${year} < 0 then 1 else 0 end)::int`
  const digits = `abs(${astronomical})::text`
  return `case when ${astronomical} < 0 then '-' else '' end || lpad(${digits}, greatest(4, length(${digits})), '0')`
}

function twoDigits(part: string, c: string): string {
  return `'-' || lpad(extract(${part} from ${c})::int::text, 2, '0')`
}

function arrayOf(element: PgType, ident: string): string {
  const text = `coalesce(${canonicalOf(element, 'u.e')}, 'NULL')`
  return (
    `case when ${ident} is not null then ` +
    `(select '{' || coalesce(string_agg(${text}, ',' order by u.o), '') || '}' from unnest(${ident}) with ordinality as u(e, o)) end`
  )
}
