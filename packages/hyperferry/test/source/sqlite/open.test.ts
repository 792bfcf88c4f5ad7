import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { EncodedBatch } from '../../../src/model.ts'
import { adapterFor, openSource } from '../../../src/source/registry.ts'
import { sqliteError } from '../../../src/source/sqlite/errors.ts'
import { adapter } from '../../../src/source/sqlite/index.ts'
import { makeDatabase, openFile, planOf, readAll, tempFolder } from './helpers.ts'

const options = { timezone: 'UTC', connections: 2, signal: new AbortController().signal }
const SIMPLE = 'CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 2)'

describe('a URL', () => {
  it.each(['sqlite:PATH', 'sqlite://PATH', 'SQLite:PATH', 'sqlite://localhostPATH'])(
    '%s opens the file',
    async (form) => {
      const { path } = makeDatabase(SIMPLE)
      const source = await openSource(form.replace('PATH', path), options)
      expect(source.info).toMatchObject({ engine: 'sqlite', product: 'SQLite', database: 'app', readOnly: true })
      await source.close()
    },
  )

  it('may be relative, and may have percent signs that are meant', async () => {
    const { path, folder } = makeDatabase(SIMPLE)
    const odd = join(folder, '50%20 ä?.db')
    cpSync(path, odd)
    const relative = `sqlite:${join('.', '..'.repeat(1), odd).replace(/^\.\./, '')}`
    for (const url of [`sqlite:${odd}`, `sqlite:${encodeURIComponent(odd)}`, relative]) {
      const source = await adapter.open(url, options)
      expect(source.info.database).toBe('50%20 ä?')
      await source.close()
    }
  })

  it.each(['sqlite:', 'sqlite::memory:', 'postgres://x/y', 'no scheme', 'constructor:x'])(
    '%s is not understood',
    async (url) => {
      await expect(openSource(url, options)).rejects.toMatchObject({ code: 'HF-U014', exitCode: 2 })
    },
  )

  it('finds the engine by scheme', async () => {
    expect((await adapterFor('sqlite:x')).schemes).toEqual(['sqlite'])
  })
})

describe('a file that is no database', () => {
  it('is told by code', async () => {
    const folder = tempFolder()
    const text = join(folder, 'text.db')
    writeFileSync(text, 'just text, but long enough to be taken for a page of a database'.repeat(100))
    mkdirSync(join(folder, 'folder.db'))
    await expect(adapter.open(`sqlite:${folder}/missing.db`, options)).rejects.toMatchObject({ code: 'HF-C003' })
    await expect(adapter.open(`sqlite:${text}/below.db`, options)).rejects.toMatchObject({ code: 'HF-C003' })
    await expect(adapter.open(`sqlite:${text}`, options)).rejects.toMatchObject({ code: 'HF-C006' })
    await expect(adapter.open(`sqlite:${folder}/folder.db`, options)).rejects.toMatchObject({ code: 'HF-C006' })
    expect(existsSync(join(folder, 'missing.db'))).toBe(false)
  })

  it('may be empty, and then has no tables', async () => {
    const empty = join(tempFolder(), 'empty.db')
    writeFileSync(empty, '')
    const source = await openFile(empty)
    expect(await source.inventory()).toEqual({ tables: [], skipped: [] })
  })

  it.skipIf(process.getuid?.() === 0)('may be forbidden', async () => {
    const { path } = makeDatabase(SIMPLE)
    chmodSync(path, 0)
    await expect(adapter.open(`sqlite:${path}`, options)).rejects.toMatchObject({ code: 'HF-C004' })
  })

  it('may be damaged', async () => {
    const { path, db } = makeDatabase(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, v); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i, printf('%0200d', i) FROM n`,
    )
    db.close()
    const plan = await planOf(await openFile(path), 't', { id: 'bigint', v: 'text' })
    const bytes = readFileSync(path)
    bytes.fill(0xa5, 4096 * 20, 4096 * 60)
    writeFileSync(path, bytes)
    const source = await openFile(path)
    const reader = source.reader({ ...plan })
    await expect(readAll(reader)).rejects.toMatchObject({ code: 'HF-R001', retry: 'refused' })
  })
})

describe('identity', () => {
  it('is of the file, not of the way to it', async () => {
    const { path, folder } = makeDatabase(SIMPLE)
    const link = join(folder, 'link.db')
    symlinkSync(path, link)
    const [one, other] = [await openFile(path), await openFile(link)]
    expect(other.info.identity).toBe(one.info.identity)
    cpSync(path, join(folder, 'copy.db'))
    expect((await openFile(join(folder, 'copy.db'))).info.identity).not.toBe(one.info.identity)
  })
})

describe('locks', () => {
  it('waits for no writer for ever: a locked file is a transient error', () => {
    const busy = Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
    const shared = Object.assign(new Error('database table is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 262 })
    for (const error of [busy, shared]) {
      expect(sqliteError(error, 'x')).toMatchObject({ code: 'HF-R003', retry: 'transient', exitCode: 4 })
    }
  })

  it('does so in a thread too, and gives the file back when it is no longer read', { timeout: 30_000 }, async () => {
    const { path, db } = makeDatabase(SIMPLE)
    db.exec(
      `WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) INSERT INTO t SELECT i, i FROM n`,
    )
    const controller = new AbortController()
    const source = await openFile(path, { signal: controller.signal })
    const table = { ...(await planOf(source, 't', { id: 'bigint' })), estimatedRows: 50_000 }
    const reader = source.reader(table)
    const [one, other] = [0, 1].map(() => reader.read({ kind: 'all' })[Symbol.asyncIterator]())
    await Promise.all([one?.next(), other?.next()])
    expect(() => db.exec('INSERT INTO t VALUES (2, 3)')).toThrow(/locked/)
    await one?.return?.()
    await other?.return?.()
    db.exec('INSERT INTO t VALUES (2, 3)')
    // The same rows as read in this thread, thread after thread.
    const inline = summed(await readAll(source.reader({ ...table, estimatedRows: 0 })))
    for (let time = 0; time < 3; time += 1) expect(summed(await readAll(reader))).toBe(inline)
    db.exec('ALTER TABLE t RENAME COLUMN id TO other')
    await expect(readAll(reader)).rejects.toMatchObject({ code: 'HF-P021', exitCode: 2 })
    db.exec('ALTER TABLE t RENAME COLUMN other TO id')
    const last = reader.read({ kind: 'all' })[Symbol.asyncIterator]()
    await last.next()
    controller.abort()
    await expect(last.next()).rejects.toMatchObject({ code: 'HF-B022' })
    db.exec('INSERT INTO t VALUES (3, 3)')
  })

  it('keeps writers out of a rollback-journal database only while a slice is read', async () => {
    const { path, db } = makeDatabase(SIMPLE)
    expect(db.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'delete' })
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { id: 'bigint' }))
    const open = reader.read({ kind: 'all' })[Symbol.asyncIterator]()
    await open.next()
    expect(() => db.exec('INSERT INTO t VALUES (2, 3)')).toThrow(/locked/)
    await open.return?.()
    db.exec('INSERT INTO t VALUES (2, 3)')
    expect(await reader.count({ kind: 'all' })).toBe(2n)
    db.exec('INSERT INTO t VALUES (3, 3)')
    await source.snapshot(async (view) => {
      const inside = view.reader(await planOf(source, 't', { id: 'bigint' }))
      await readAll(inside)
      expect(() => db.exec('INSERT INTO t VALUES (4, 3)')).toThrow(/locked/)
    })
    db.exec('INSERT INTO t VALUES (4, 3)')
  })

  it('reads what is still in the WAL', async () => {
    const { path, db } = makeDatabase(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; ${SIMPLE}`)
    const source = await openFile(path)
    expect((await source.inventory()).tables).toHaveLength(1)
    const before = readFileSync(path)
    db.exec('INSERT INTO t VALUES (7, 7)')
    const reader = source.reader(await planOf(source, 't', { id: 'bigint' }))
    expect(await reader.count({ kind: 'all' })).toBe(2n)
    // The row is in the WAL only: reading does not move it.
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(await source.checks()).toContainEqual(expect.objectContaining({ code: 'HF-C037', ok: true }))
  })

  it('cannot write, whatever is tried', async () => {
    const { path } = makeDatabase(SIMPLE)
    const source = await openFile(path)
    expect(source.info.readOnly).toBe(true)
    const plan = await planOf(source, 't', { id: 'bigint' })
    const injected = { ...plan, axis: 'id; DELETE FROM t', split: 'pk' as const }
    expect(() => source.reader(injected)).toThrow(expect.objectContaining({ code: 'HF-P021' }))
    const db = new DatabaseSync(path)
    expect(db.prepare('SELECT count(*) AS n FROM t').get()).toMatchObject({ n: 1 })
    db.close()
  })
})

describe('after close', () => {
  it('reads no more, and a second close does nothing', async () => {
    const { path } = makeDatabase(SIMPLE)
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { id: 'bigint' }))
    const open = reader.read({ kind: 'all' })[Symbol.asyncIterator]()
    await open.next()
    await source.close()
    await source.close()
    await open.return?.()
    await expect(reader.count({ kind: 'all' })).rejects.toMatchObject({ code: 'HF-R001' })
  })
})

/** Rows with their places and ends, batch by batch. */
function summed(batches: readonly EncodedBatch[]): string {
  const hash = createHash('sha256')
  for (const { bytes, ends } of batches)
    hash.update(bytes).update(new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength))
  return `${batches.length} ${hash.digest('hex')}`
}
