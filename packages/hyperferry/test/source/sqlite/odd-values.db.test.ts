// Every odd value into every type on a real PostgreSQL: what it shows of the loaded rows is what SQLite shows of its own.
import { expect, it } from 'vitest'
import { describeWith } from '../../../../../test/servers/index.ts'
import { freshPg } from '../../../../../test/servers/database.ts'
import { canonicalColumn } from '../../../src/target/canonical.ts'
import { openTarget } from '../../../src/target/connect.ts'
import { copySql } from '../../../src/target/copy.ts'
import { COPY_HEADER, COPY_TRAILER } from '../../../src/values/copy-stream.ts'
import { makeDatabase, openFile, planOf, readAll } from './helpers.ts'
import { comparable, namedTypes, ODD_VALUES, oddTable } from './odd-values.ts'

const describe = await describeWith('pg18')

describe('PostgreSQL', () => {
  it('shows the values as SQLite does', async () => {
    const { url } = await freshPg('pg18')
    const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
    const session = await target.session()
    const { path } = makeDatabase(oddTable('UTF-8'))
    for (const [i, { type, rules = {}, zone = 'UTC', what }] of namedTypes.entries()) {
      const source = await openFile(path, { timezone: zone })
      const reader = source.reader(await planOf(source, 't', { id: 'bigint', v: { type, rules } }))
      const base = type.replace(/\(.*$/, '')
      await session.query(`create table public.t${i} (id bigint, v ${type})`)
      const batches = await readAll(reader)
      await session.copyIn(copySql('public', `t${i}`, ['id', 'v']), [
        COPY_HEADER,
        ...batches.map((batch) => batch.bytes),
        COPY_TRAILER,
      ])
      const sql = `select ${canonicalColumn('bigint', 'id')} as id, ${canonicalColumn(type, 'v')} as v from public.t${i} order by t${i}.id`
      const { rows } = await session.query<{ id: string; v: string | null }>(sql)
      const second = await reader.second.rows({ kind: 'all' }, 1000)
      const label = (id: string | null | undefined, v: string | null | undefined): string =>
        `${what}: ${ODD_VALUES[Number(id)]?.slice(0, 60)} → ${comparable(v ?? null, base)?.slice(0, 8000) ?? 'NULL'}`
      expect(rows.map(({ id, v }) => label(id, v))).toEqual(second.map(({ values: [id, v] }) => label(id, v)))
    }
    await session.release()
    await target.close()
  })
})
