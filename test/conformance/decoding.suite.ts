/** What a source encodes is what PostgreSQL decodes: rows loaded by binary COPY, shown by the target, held against the source's second opinion. */
import { afterEach, expect, it } from 'vitest'
import { openSource } from '../../packages/hyperferry/src/source/registry.ts'
import { canonicalColumn } from '../../packages/hyperferry/src/target/canonical.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import { copiedColumns, copySql } from '../../packages/hyperferry/src/target/copy.ts'
import { ident, qualified } from '../../packages/hyperferry/src/target/sql.ts'
import { COPY_HEADER, COPY_TRAILER } from '../../packages/hyperferry/src/values/copy-stream.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import type { LogicalTable, SourceFixture } from './fixture.ts'
import { plannedTable } from './planned.ts'
import { multiset } from './rows.ts'
import { keyed, series } from './tables.ts'

const ALL = { kind: 'all' } as const

/** Needs pg18 beside the engine's own server. */
export async function describeDecoding(name: string, fixture: SourceFixture): Promise<void> {
  const describe = await describeWith('pg18')
  describe(`PostgreSQL decodes ${name}`, () => {
    const opened: { close(): Promise<void> }[] = []
    afterEach(async () => {
      for (const one of opened.splice(0).toReversed()) await one.close()
    })

    const tables: [string, LogicalTable][] = [
      ['extremes by key', keyed(300)],
      ['times and duplicates', series(fixture, 400)],
    ]
    it.each(tables)('%s', async (_what, content) => {
      const database = await fixture.create([content])
      opened.push({ close: () => database.drop() })
      const { signal } = new AbortController()
      const source = await openSource(database.url, { timezone: 'UTC', connections: 2, signal })
      opened.push(source)
      const plan = await plannedTable(source, fixture, content, { split: 'all', axis: null })
      const reader = source.reader(plan)
      const { url } = await freshPg('pg18')
      const target = await openTarget(url, { connections: 1, signal })
      opened.push(target)
      const session = await target.session()
      const columns = plan.columns.map((column) => `${ident(column.name)} ${column.type}`)
      await session.query(`create table ${qualified('public', plan.name)} (${columns.join(', ')})`)

      async function* copyStream(): AsyncGenerator<Uint8Array> {
        yield COPY_HEADER
        for await (const batch of reader.read(ALL)) {
          expect(batch.rejected).toEqual([])
          yield batch.bytes
        }
        yield COPY_TRAILER
      }
      const rows = await session.copyIn(copySql('public', plan.name, copiedColumns(plan)), copyStream())
      expect(rows).toBe(content.rows.length)

      const shown = plan.columns.map((column, i) => `${canonicalColumn(column.type, ident(column.name))} as c${i}`)
      const answer = await session.query<Record<string, string | null>>(
        `select ${shown.join(', ')} from ${qualified('public', plan.name)}`,
      )
      const types = plan.columns.map((column) => column.type)
      const decoded = answer.rows.map((row) =>
        lineOf(
          plan.columns.map((_, i) => row[`c${i}`] ?? null),
          types,
        ),
      )
      const second = (await reader.second.rows(ALL, content.rows.length + 1)).map(({ values }) => lineOf(values, types))
      expect(multiset(decoded)).toEqual(multiset(second))
      await session.release()

      for (const trap of await reader.second.traps(5)) {
        expect(trap.rows.length).toBeLessThanOrEqual(5)
        expect(trap.total >= BigInt(trap.rows.length)).toBe(true)
        for (const { values } of trap.rows) expect(decoded).toContain(lineOf(values, types))
      }
    })
  })
}

/** One row as text; a float in the one form that the target leaves to its reader. */
function lineOf(values: readonly (string | null)[], types: readonly string[]): string {
  const shown = values.map((value, i) => {
    if (value === null || types[i] !== 'double precision' || !Number.isFinite(Number(value))) return value
    return Object.is(Number(value), -0) ? '-0e0' : Number(value).toExponential().replace('e+', 'e')
  })
  return JSON.stringify(shown)
}
