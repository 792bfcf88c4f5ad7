// copy: kill -9, cut wires, lost acknowledgements, two tools at once, edited files. Every row of the file is in the table once, or aside.
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Failpoint } from '../../packages/hyperferry/src/failpoints.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import type { Session } from '../../packages/hyperferry/src/target/connect.ts'
import { copyHere, digest, fileOf, rowsOf } from '../../packages/hyperferry/test/steps/copy/lab.ts'
import type { Events } from '../../packages/hyperferry/src/work/events.ts'
import { hyperferry } from '../helpers/hyperferry.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { losingReceipts, relayTo } from './relay.ts'

const describe = await describeWith('pg17')

/** 4000 rows, some over two lines; `bad` of them not numbers. */
function csv(bad = 0): string {
  const rows = Array.from(
    { length: 4000 },
    (_, n) => `${n},"note ""${n}""${n % 5 === 0 ? '\n' : ' '}and more",${n / 8}\n`,
  )
  for (let n = 0; n < bad; n += 1) rows[n * 900 + 450] = `not a number ${n},x,1\n`
  return `n,note,x\n${rows.join('')}`
}
const ROWS = 4000

async function world(): Promise<{ url: string; superUrl: string; session: Session; close: () => Promise<void> }> {
  const { url, superUrl } = await freshPg('pg17')
  const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
  const session = await target.session()
  await session.query(`create table public.t (n int, note text, x float8);
    create index by_n on public.t (n); create index by_x on public.t (x desc) where x > 100`)
  return { url, superUrl, session, close: () => target.close() }
}

/** Of a table that was loaded in peace. */
async function expected(url: string, session: Session, content: string): Promise<string> {
  await session.query('create table public.peace (n int, note text, x float8)')
  await copyHere({
    connection: url,
    table: 'peace',
    file: fileOf(content),
    header: true,
    skipErrors: true,
    rejectFile: fileOf(''),
  })
  return digest(await rowsOf(session, 'peace'))
}

async function indexesOf(session: Session): Promise<unknown> {
  const { rows } = await session.query(
    `select indexname, indexdef from pg_indexes where tablename = 't' order by indexname`,
  )
  expect(rows.length).toBeGreaterThan(1)
  return rows
}

const PLACES: [Failpoint, number][] = [
  ['copy.after-begin', 1],
  ['copy.after-range', 3],
  ['copy.mid-copy', 5],
  ['copy.before-commit', 4],
  ['copy.after-commit', 6],
  ['copy.before-indexes', 1],
  ['copy.in-index', 1],
  ['copy.in-index', 2],
  ['copy.before-done', 1],
]

describe('copy', () => {
  for (const [index, [place, times]] of PLACES.entries()) {
    test(`killed at ${place}, gone on with other sizes`, async () => {
      const { url, session, close } = await world()
      const content = csv(3)
      const file = fileOf(content)
      const typed = ['copy', '-connection', url, '-table', 't', '-file', file, '-skip-header', '-skip-batch-errors']
      const indexes = await indexesOf(session)
      const name = index % 2 === 0 ? 'mine' : null
      const killed = await hyperferry(
        [
          ...typed,
          '-defer-indexes',
          '-workers',
          '2',
          '-batch-byte-size',
          '9000',
          ...(name === null ? [] : ['-import-id', name]),
        ],
        { cwd: '/tmp', env: { HYPERFERRY_FAILPOINT: `${place}:${times}` } },
      )
      expect(killed.signal, killed.stderr).toBe('SIGKILL')
      const { rows } = await session.query<{ name: string }>('select name from hyperferry.imports')
      expect(rows).toHaveLength(1)
      const importId = rows[0]?.name ?? ''
      expect(killed.stderr).toContain(importId)
      const on = { connection: url, table: 't', file, header: true, skipErrors: true, importId }
      const result = await copyHere({ ...on, batchBytes: 30_000 + index * 777, workers: 3 })
      expect(result.rows + result.before).toBe(ROWS - 3)
      expect(result.quarantined).toBe(3)
      expect(readFileSync(`${file}.rejected.csv`, 'utf8')).toBe(
        `n,note,x\n${[0, 1, 2].map((n) => `not a number ${n},x,1\n`).join('')}`,
      )
      expect(digest(await rowsOf(session, 't'))).toBe(await expected(url, session, content))
      expect(await indexesOf(session)).toEqual(indexes)
      expect((await session.query('select from hyperferry.import_index')).rowCount).toBe(0)
      // A third time there is nothing to do.
      expect(await copyHere({ ...on, batchBytes: 100_000 })).toMatchObject({ rows: 0, before: ROWS - 3 })
      await close()
    })
  }

  test('a file that was edited, other settings, another table: refused before anything is loaded', async () => {
    const { url, session, close } = await world()
    const total = 4000
    const body = `1,${'a'.repeat(1000)},1\n`.repeat(total)
    const file = fileOf(body)
    const mtime = 1_700_000_000
    utimesSync(file, mtime, mtime)
    const copy = { connection: url, table: 't', file, importId: 'x', batchBytes: 800_000 }
    const stopped = await copyHere({ ...copy, ...stopping() }).catch((error: unknown) => error)
    expect(stopped).toMatchObject({
      code: 'HF-B022',
      exitCode: 4,
      hint: expect.stringContaining('same command') as string,
    })
    const before = (await rowsOf(session, 't')).length
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(total)

    const refused = async (code: string, request: object = {}): Promise<void> => {
      const error = await copyHere({ ...copy, ...request }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code, exitCode: 2 })
      expect(await rowsOf(session, 't')).toHaveLength(before)
    }
    // In what is loaded, beyond the first MiB, with the time put back: only the checksums of the ranges can tell.
    const { rows } = await session.query<{ at: string }>(
      `select (max(upper(span)) - 500)::text as at from hyperferry.import_range`,
    )
    const edited = Buffer.from(body)
    const at = Number(rows[0]?.at)
    expect(at).toBeGreaterThan(1024 * 1024)
    expect(at).toBeLessThan(body.length - 1024 * 1024)
    edited[at] = 98
    writeFileSync(file, edited)
    utimesSync(file, mtime, mtime)
    await refused('HF-F007')
    writeFileSync(file, `${body}2,new,2\n`)
    await refused('HF-F007')
    writeFileSync(file, body)
    await refused('HF-F007')
    utimesSync(file, mtime, mtime)
    await refused('HF-F008', { delimiter: ';' })
    await refused('HF-F008', { columns: 'x,note,n' })
    await session.query('create table public.other (n int, note text, x float8)')
    await refused('HF-F008', { table: 'other' })
    expect(await copyHere(copy)).toMatchObject({ before, rows: total - before })
    await close()
  })

  test('two tools at once: the second is sent away; without the courtesy lock nothing is loaded twice', async () => {
    const { url, superUrl, session, close } = await world()
    const content = csv()
    const file = fileOf(content)
    const copy = { connection: url, table: 't', file, header: true, importId: 'both' }
    const admin = await openTarget(superUrl, { connections: 1, signal: new AbortController().signal })
    const others: Promise<unknown>[] = []
    const emit = ({ kind }: { kind: string }): void => {
      if (kind !== 'table-progress' || others.length > 0) return
      const second = copyHere({ ...copy, batchBytes: 7000 }).catch((error: unknown) => error)
      const third = second.then(async () => {
        await admin.query(
          `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
        )
        return copyHere({ ...copy, batchBytes: 11_000, workers: 3 }).catch((error: unknown) => error)
      })
      others.push(second, third)
    }
    const first = await slowly(superUrl, () => copyHere({ ...copy, batchBytes: 5000, workers: 2, events: { emit } }))
    expect(await Promise.all(others)).toMatchObject([{ code: 'HF-B020', exitCode: 4 }, { importId: 'both' }])
    expect(first).toMatchObject({ importId: 'both' })
    expect(digest(await rowsOf(session, 't'))).toBe(await expected(url, session, content))
    await admin.close()
    await close()
  })

  test.each([['lost acknowledgements'], ['wires cut at any time']])('%s', async (what) => {
    const { url, session, close } = await world()
    const content = csv(2)
    const lossy = what.startsWith('lost') ? losingReceipts(4, 'insert into hyperferry.import_range') : {}
    await using relay = await relayTo(url, lossy)
    let done = false
    let cutting = Promise.resolve()
    const cut = async (): Promise<void> => {
      for (let cuts = 0; cuts < 8 && !done; cuts += 1) {
        await sleep(30 + cuts * 40)
        relay.cutAll()
      }
    }
    const emit = ({ kind }: { kind: string }): void => {
      // A server that cannot be reached in the first place is an error at once.
      if (kind === 'table-start' && !what.startsWith('lost')) cutting = cut()
    }
    const result = await copyHere({
      connection: relay.url(url),
      table: 't',
      file: fileOf(content),
      header: true,
      skipErrors: true,
      batchBytes: 6000,
      events: { emit },
    })
    done = true
    await cutting
    expect(result).toMatchObject({ rows: ROWS - 2, quarantined: 2 })
    if (what.startsWith('lost')) expect(relay.cuts).toBeGreaterThan(3)
    expect(digest(await rowsOf(session, 't'))).toBe(await expected(url, session, content))
    await close()
  })

  test.each([
    ['gz', (text: Buffer) => gzipSync(text)],
    ['zst', (text: Buffer) => zstdCompressSync(text)],
    ['pipe', null],
  ] as const)('%s: stopped, gone on with other sizes, damaged', async (kind, pack) => {
    const { url, session, close } = await world()
    const text = Buffer.from(csv(2))
    const packed = pack?.(text) ?? text
    const file = fileOf(packed, `in.csv.${kind}`)
    const from = kind === 'pipe' ? { piped: text } : { file }
    const rejectFile = fileOf('', 'r.csv')
    const copy = { connection: url, table: 't', ...from, header: true, skipErrors: true, importId: kind, rejectFile }
    const stopped = await copyHere({ ...copy, batchBytes: 8000, ...stopping() }).catch((error: unknown) => error)
    expect(stopped).toMatchObject({ code: 'HF-B022' })
    const result = await copyHere({ ...copy, batchBytes: 50_000, workers: 3 })
    expect(result.before).toBeGreaterThan(0)
    expect(result).toMatchObject({ rows: ROWS - 2 - result.before, quarantined: 2 })
    const { rows } = await session.query('select line::int4 from hyperferry.import_row order by line')
    const lines = text.toString().split('\n')
    expect(rows).toEqual([
      { line: lines.indexOf('not a number 0,x,1') + 1 },
      { line: lines.indexOf('not a number 1,x,1') + 1 },
    ])
    expect(digest(await rowsOf(session, 't'))).toBe(await expected(url, session, text.toString()))
    if (kind !== 'pipe') {
      const half = fileOf(packed.subarray(0, packed.length / 2), `half.csv.${kind}`)
      const error = await copyHere({ ...copy, file: half, importId: 'half' }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'HF-F010', exitCode: 1 })
    }
    await close()
  })
})

/** Stops a copy as soon as it has loaded something. */
function stopping(): { signal: AbortSignal; events: Events } {
  const stop = new AbortController()
  return {
    signal: stop.signal,
    events: { emit: ({ kind }) => void (kind === 'table-progress' && stop.abort()) },
  }
}

/** Rows come slowly, so that others can get in between. */
async function slowly<T>(superUrl: string, use: () => Promise<T>): Promise<T> {
  const admin = await openTarget(superUrl, { connections: 1, signal: new AbortController().signal })
  await admin.query(
    `create function public.wait() returns trigger language plpgsql as 'begin perform pg_catalog.pg_sleep(0.05); return null; end'`,
  )
  await admin.query('create trigger wait before insert on public.t for each statement execute function public.wait()')
  try {
    return await use()
  } finally {
    await admin.query('drop trigger wait on public.t')
    await admin.close()
  }
}
