// Odd values of every type, copied as the proposed plan says: nothing may be called different that is not.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshMysql, freshPg, type FreshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { verify } from '../../../src/steps/verify.ts'
import type { VerifiedTable, VerifyDocument } from '../../../src/steps/verify.ts'
import { openLab, type Lab } from './lab.ts'

const shapes = (name: string): Promise<string> =>
  readFile(new URL(`../../../../../test/cases/${name}/source.sql`, import.meta.url), 'utf8')

const sources = {
  async sqlite() {
    const folder = await mkdtemp(join(tmpdir(), 'equal-'))
    const file = join(folder, 'plant.db')
    const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
    db.exec(await shapes('sqlite-shapes'))
    db.close()
    return { url: `sqlite:${file}`, drop: () => rm(folder, { recursive: true }) }
  },
  mariadb: () => fromMysql('mariadb'),
  mysql: () => fromMysql('mysql'),
}

async function fromMysql(name: 'mariadb' | 'mysql'): Promise<{ url: string; drop: () => Promise<void> }> {
  const database = await freshMysql(name)
  const connection = await mysql.createConnection({
    uri: database.adminUrl,
    charset: 'utf8mb4',
    multipleStatements: true,
  })
  await connection.query(await shapes('mysql-shapes'))
  await connection.end()
  return { url: database.url, drop: () => database.drop() }
}

const matrix = [
  ['sqlite', 'pg18'],
  ['mariadb', 'pg18'],
  ['mysql', 'ts-2.19'],
  ['sqlite', 'ts-2.19'],
] as const

for (const [from, to] of matrix) {
  const describe = await (from === 'sqlite' ? describeWith(to) : describeWith(from, to))
  describe(`equal rows of ${from} in ${to}`, () => {
    let source: { url: string; drop: () => Promise<void> }
    let target: FreshPg
    let lab: Lab
    beforeAll(async () => {
      source = await sources[from]()
      target = await freshPg(to)
      lab = await openLab(source.url, target.url, 'proposed', { timezone: 'Europe/Berlin' })
      await lab.load()
    })
    afterAll(async () => {
      await lab[Symbol.asyncDispose]()
      await target.drop()
      await source.drop()
    })

    /** What is not equal, in words that help. */
    const complaints = (document: VerifyDocument): unknown[] =>
      document.tables
        .filter((table) => table.equal !== true)
        .map(({ name, different, meaning, notes }: VerifiedTable) => ({
          name,
          different,
          meaning: meaning?.different,
          notes,
        }))

    test.each(['count', 'digest', 'rows'] as const)('by %s', async (level) => {
      const document = await verify(lab.ctx, { level, showValues: true, sampleRows: level === 'rows' ? 0 : 10_000 })
      expect(complaints(document)).toEqual([])
      expect(document.tables.length).toBeGreaterThan(5)
      expect(document.tables.some((table) => Number(table.sourceRows) > 5000)).toBe(true)
      expect(document.tables.some((table) => Number(table.quarantined) > 0)).toBe(true)
    })

    test.each([40, 700])('by a sample of %i rows from all over', async (sampleRows) => {
      const document = await verify(lab.ctx, { showValues: true, sampleRows, trapRows: 20 })
      expect(complaints(document)).toEqual([])
      const large = document.tables.filter((table) => Number(table.sourceRows) > 5000)
      for (const { meaning } of large) {
        expect(meaning?.rows).toBeGreaterThanOrEqual(sampleRows)
        expect(meaning?.rows).toBeLessThan(5000)
      }
    })
  })
}
