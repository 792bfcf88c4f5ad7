// Every odd value into every type: the tuple, decoded here, says what the second opinion says; what one refuses the other leaves out.
import { describe, expect, it } from 'vitest'
import { canonical, fieldsOf } from './decode.ts'
import { makeDatabase, openFile, planOf, readAll } from './helpers.ts'
import { comparable, ENCODINGS, namedTypes, ODD_VALUES, oddTable } from './odd-values.ts'

describe.each(ENCODINGS)('a database in %s', (encoding) => {
  it.each(namedTypes)('becomes $what as SQLite itself reads it', async ({ type, rules = {}, zone = 'UTC' }) => {
    const { path } = makeDatabase(oddTable(encoding))
    const source = await openFile(path, { timezone: zone })
    const reader = source.reader(await planOf(source, 't', { id: 'bigint', v: { type, rules } }))
    const base = type.replace(/\(.*$/, '')
    const batches = await readAll(reader)
    const decoded = batches
      .flatMap(({ bytes, ends }) => fieldsOf(bytes, ends))
      .map(([id, v]) => label(canonical(id ?? null, 'bigint'), comparable(canonical(v ?? null, base), base)))
    const second = await reader.second.rows({ kind: 'all' }, 1000)
    const expected = second.map(({ values: [id, v] }) => label(id ?? null, comparable(v ?? null, base)))
    expect(decoded).toEqual(expected)
    const rejected = batches.flatMap((batch) => batch.rejected)
    expect(decoded.length + rejected.length).toBe(ODD_VALUES.length)
  })
})

function label(id: string | null, v: string | null): string {
  return `${ODD_VALUES[Number(id)]?.slice(0, 60)} → ${v?.slice(0, 8000) ?? 'NULL'}`
}
