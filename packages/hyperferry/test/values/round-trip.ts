// Sends tuples to a real server and reads them back, as text and as binary COPY.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { expect } from 'vitest'
import { COPY_HEADER, COPY_TRAILER, CopyParser } from '../../src/values/copy-stream.ts'
import { Digest, digestBatch } from '../../src/values/digest.ts'
import { compileNormaliser } from '../../src/values/normalise.ts'
import { parsePgType, type PgType } from '../../src/values/pgtype.ts'
import { TupleWriter } from '../../src/values/tuple-writer.ts'

export interface Back {
  texts: (string | null)[][]
  sent: string
  received: string
}

/** Every property test of this folder runs with it, so a failure can be had again. */
const seeded = { seed: 20260101 }

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    `set timezone = 'UTC'; set datestyle = 'ISO'; set extra_float_digits = 1; set intervalstyle = 'postgres'`,
  )
  return client
}

/** A table of the types, filled with what `write` writes and read back in the order of writing. */
export async function roundTrip(
  client: pg.Client,
  types: readonly string[],
  write: (w: TupleWriter, types: PgType[]) => void,
): Promise<Back> {
  const parsed = types.map(parsePgType)
  const w = new TupleWriter(types.length, 1024)
  write(w, parsed)
  const { bytes, ends } = w.take()
  const columns = types.map((_, i) => `c${i}`)
  await client.query('drop table if exists round_trip')
  await client.query(
    `create temp table round_trip (n bigint generated always as identity, ${types.map((type, i) => `c${i} ${type}`).join(', ')})`,
  )
  const into = client.query(copyFrom(`copy round_trip (${columns.join(', ')}) from stdin (format binary)`))
  await pipeline(Readable.from([COPY_HEADER, bytes, COPY_TRAILER]), into)
  const texts = await client.query({
    text: `select ${columns.map((c) => `${c}::text`).join(', ')} from round_trip order by n`,
    rowMode: 'array',
  })
  const n = compileNormaliser(parsed)
  const sent = new Digest()
  digestBatch(sent, n, bytes, ends)
  return {
    texts: texts.rows as (string | null)[][],
    sent: String(sent),
    received: await readBack(client, columns, parsed),
  }
}

async function readBack(client: pg.Client, columns: string[], types: PgType[]): Promise<string> {
  const received = new Digest()
  const parser = new CopyParser()
  const n = compileNormaliser(types)
  const out = client.query(copyTo(`copy (select ${columns.join(', ')} from round_trip) to stdout (format binary)`))
  for await (const chunk of out as AsyncIterable<Uint8Array>) {
    parser.push(chunk, (tuples, tupleEnds) => digestBatch(received, n, tuples, tupleEnds))
  }
  parser.end()
  return String(received)
}

/** One column: encodes each value, expects equal digests of what was sent and received, and gives the server's texts. */
export async function column<T>(
  client: pg.Client,
  type: string,
  values: readonly T[],
  encode: (w: TupleWriter, value: T, type: PgType) => void,
): Promise<(string | null)[]> {
  const parsed = parsePgType(type)
  const back = await roundTrip(client, [type], (w) => {
    for (const value of values) {
      w.startRow()
      encode(w, value, parsed)
      w.endRow()
    }
  })
  const texts = back.texts.map(([text]) => text ?? null)
  expect(texts).toHaveLength(values.length)
  expect(back.received).toBe(back.sent)
  return texts
}

/** What the server itself makes of texts: `select v::type::text`. */
export async function serverCasts(client: pg.Client, type: string, texts: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ v: string }>(
    `select v::${type}::text as v from unnest($1::text[]) with ordinality as u(v, n) order by n`,
    [texts],
  )
  return rows.map((row) => row.v)
}

/** `count` random values. */
export function sample<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { ...seeded, numRuns: count })
}

/** The text without what no PostgreSQL text can hold: NUL and half surrogate pairs. */
export function sendable(text: string): string {
  return Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('utf8')
}
