/** Rows into a table of PostgreSQL, by one statement for each few megabytes: text in JSON, cast by the server's own input functions. */
import { ident } from './ident.ts'
import { StoreError } from './outcome.ts'
import type { Query, StoreBatch } from './store.ts'

const JSON_CHARS = 4_000_000

/**
 * `once`: a row whose key is there already is left alone. `strict`: it is an error. With `capture` the column's values are taken from its sequence first,
 * so that it is certain which row got which; they are told in the order of the rows.
 */
export async function insertRows(
  query: Query,
  batch: StoreBatch,
  mode: 'once' | 'strict',
): Promise<{ values: string[] | null }> {
  const { capture } = batch
  if (capture === null) {
    await insert(query, batch, mode)
    return { values: null }
  }
  const values = await nextValues(query, batch, capture)
  const rows = batch.rows.map((row, index) => [...row, values[index] ?? null])
  const types = [...(batch.types ?? []), 'bigint']
  await insert(query, { ...batch, columns: [...batch.columns, capture], types, rows }, mode)
  return { values }
}

async function nextValues(query: Query, { schema, table, rows }: StoreBatch, column: string): Promise<string[]> {
  const answer = await query<{ value: string }>(
    `select nextval(pg_get_serial_sequence($1, $2))::text as value from generate_series(1, $3)`,
    [relation(schema, table), column, rows.length],
  )
  return answer.rows.map(({ value }) => value)
}

async function insert(query: Query, batch: StoreBatch, mode: 'once' | 'strict'): Promise<void> {
  const { schema, table, columns, types = [], key } = batch
  const names = columns.map(ident)
  const places = columns.map((_, index) => `c${index}`)
  const casts = places.map((place, index) => `r.${place}::${castOf(types[index])}`)
  const conflict = mode === 'once' && key !== null ? ` on conflict (${key.map(ident).join(', ')}) do nothing` : ''
  const sql = `insert into ${relation(schema, table)} (${names.join(', ')}) select ${casts.join(', ')} from json_to_recordset($1::json) as r(${places.map((place) => `${place} text`).join(', ')})${conflict}`
  for (const json of jsonParts(batch.rows)) await query(sql, [json])
}

/** `[{"c0":"…","c1":null},…]`, cut where it grows large; a single row may be of any size. */
function* jsonParts(rows: StoreBatch['rows']): Generator<string> {
  let parts: string[] = []
  let size = 0
  for (const row of rows) {
    const text = JSON.stringify(Object.fromEntries(row.map((value, index) => [`c${index}`, value])))
    if (size + text.length > JSON_CHARS && parts.length > 0) {
      yield `[${parts.join(',')}]`
      parts = []
      size = 0
    }
    parts.push(text)
    size += text.length
  }
  if (parts.length > 0) yield `[${parts.join(',')}]`
}

/**
 * The type to cast the text to. Without length or precision: a cast to varchar(3), char(3) or bit(3) cuts off what is too long and says nothing, while the
 * assignment to the column is an error. Types come from the contract, which only the tool writes; still nothing but a type's name gets into a statement.
 */
function castOf(type: string | undefined): string {
  const parts = /^([a-z_][a-z0-9_ ]*?)(?:\(\d+(?:, ?-?\d+)?\))?( with(?:out)? time zone)?(\[\])?$/i.exec(type ?? '')
  if (parts === null) throw new StoreError('BAD_TYPE', `not a type: ${JSON.stringify(type)}`, { retry: 'permanent' })
  const [, name = '', zone = '', array = ''] = parts
  // By themselves these two mean one character and one bit.
  const whole = { char: 'bpchar', character: 'bpchar', bit: 'varbit' }[name.toLowerCase()] ?? name
  return `${whole}${zone}${array}`
}

function relation(schema: string | undefined, table: string): string {
  return schema === undefined ? ident(table) : `${ident(schema)}.${ident(table)}`
}
