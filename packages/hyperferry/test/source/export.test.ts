// A folder of exported files in place of a source: what it answers, and what it does not pretend to know.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { table } from '../../../../test/faults/world.ts'
import type { Inventory, SourceInfo } from '../../src/model.ts'
import { openSource } from '../../src/source/registry.ts'
import type { Source } from '../../src/source/source.ts'
import { storedSource } from '../../src/source/stored.ts'

const info: SourceInfo = {
  engine: 'mysql',
  product: 'MariaDB',
  version: '10.11',
  database: 'plant',
  identity: 'mariadb:x/plant',
  readOnly: true,
  bytes: null,
}
const inventory: Inventory = {
  tables: [
    {
      name: 'device',
      columns: [],
      primaryKey: [],
      indexes: [],
      foreignKeys: [],
      checks: [],
      comment: null,
      estimatedRows: 3,
      bytes: null,
      nextAutoIncrement: 2n ** 63n,
      storage: 'InnoDB',
    },
  ],
  skipped: [],
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hyperferry-export-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

const open = (path: string): Promise<Source> =>
  openSource(`export:${path}`, { timezone: 'UTC', connections: 1, signal: new AbortController().signal })

test('says what the source said of itself, large numbers too', async () => {
  const path = folder()
  writeFileSync(join(path, 'source.json'), storedSource(info, inventory))
  const source = await open(path)
  expect(source.info).toEqual(info)
  expect(await source.inventory()).toEqual(inventory)
})

test('counts tables that were exported as a whole, and gives no rows', async () => {
  const path = folder()
  writeFileSync(join(path, 'source.json'), storedSource(info, inventory))
  const manifest = (source: string, more: object): void => {
    mkdirSync(join(path, source))
    const whole = { spans: [{ from: null, to: null }], residual: true, point: null, sourceRows: '9007199254740993' }
    writeFileSync(
      join(path, source, 'manifest.json'),
      JSON.stringify({ table: { source, split: 'time' }, ...whole, ...more }),
    )
  }
  manifest('whole', {})
  manifest('part', { spans: [{ from: '5', to: null }] })
  manifest('placed', { residual: false })
  manifest('before', { point: { instant: '1' } })
  const source = await open(path)
  const count = (name: string): Promise<bigint> => source.reader(table(name, { columns: [] })).count({ kind: 'all' })
  expect(await count('whole')).toBe(9007199254740993n)
  for (const name of ['part', 'placed', 'before', 'absent'])
    await expect(count(name), name).rejects.toMatchObject({ code: 'HF-E022' })
  const reader = source.reader(table('whole', { columns: [] }))
  await expect(Array.fromAsync(reader.read({ kind: 'all' }))).rejects.toMatchObject({ code: 'HF-E022' })
  await expect(reader.second.rows({ kind: 'all' }, 1)).rejects.toMatchObject({ code: 'HF-E022' })
})

test('refuses what is no export', async () => {
  const path = folder()
  await expect(open(join(path, 'nowhere'))).rejects.toMatchObject({ code: 'HF-C003' })
  writeFileSync(join(path, 'source.json'), '{"format":"hyperferry-source/2"}')
  await expect(open(path)).rejects.toMatchObject({ code: 'HF-E011' })
  await expect(open('')).rejects.toMatchObject({ code: 'HF-U014' })
})
