import { beforeEach, expect, test } from 'vitest'
import { completeReceipt, durable, insertReceipt, receipts, registerTables, totals } from '../../src/control/ledger.ts'
import { putQuarantine, countOpen, listQuarantine } from '../../src/control/quarantine.ts'
import type { Receipt, RejectedRow } from '../../src/model.ts'
import type { Session, Target } from '../../src/target/connect.ts'
import { transaction } from '../../src/target/transaction.ts'
import { Digest } from '../../src/values/digest.ts'
import { viewOf } from '../../src/values/view-of.ts'
import { planOf, relationalTable, seriesTable } from '../target/plans.ts'
import { claimed } from './claimed.ts'

let target: Target
let session: Session
let tableId: number
let migrationId: number

beforeEach(async () => {
  ;({ target, migrationId } = await claimed('pg15', planOf([seriesTable('reading'), relationalTable('device')])))
  session = await target.session()
  const ids = await registerTables(session, migrationId, [seriesTable('reading'), relationalTable('device')])
  tableId = ids.get('reading')!
})

const receipt = (from: bigint | null, to: bigint | null, more: Partial<Receipt> = {}): Receipt => ({
  lane: 0,
  span: { from, to },
  rows: 0,
  quarantined: 0,
  digest: new Digest().toString(),
  losses: [],
  bytes: 0,
  ...more,
})

async function leave(on: Session, each: Receipt): Promise<bigint> {
  return transaction(on, async () => {
    const id = await insertReceipt(on, tableId, each)
    await completeReceipt(on, id, each)
    return id
  })
}

test('what a receipt says is what is read back', async () => {
  const digest = new Digest()
  digest.add(viewOf(Uint8Array.of(1, 2, 3)), 0, 3)
  const one = receipt(null, -9_223_372_036_854_775_809n, {
    rows: 5,
    quarantined: 2,
    digest: digest.toString(),
    bytes: 77,
  })
  const two = receipt(18_446_744_073_709_551_615n, null, { losses: [{ code: 'HF-L001', column: 'ts', count: 3 }] })
  const residual = receipt(null, null, { lane: 1, rows: 1 })
  for (const each of [residual, two, one]) await leave(session, each)
  expect(await receipts(session, tableId)).toMatchObject([one, two, residual])
})

test('an overlap is refused with HF-B011; neighbours are not', async () => {
  await leave(session, receipt(0n, 10n))
  await leave(session, receipt(10n, 20n))
  for (const [from, to] of [
    [9n, 10n],
    [0n, 1n],
    [null, 1n],
    [19n, null],
    [null, null],
    [5n, 6n],
  ] as const) {
    await expect(leave(session, receipt(from, to))).rejects.toMatchObject({ code: 'HF-B011', retry: 'transient' })
  }
  expect(await receipts(session, tableId)).toHaveLength(2)
})

test('a second task of an overlapping range waits for the first and then fails; after a rollback it goes on', async () => {
  const other = await target.session()
  for (const end of ['rollback', 'commit'] as const) {
    await session.query('begin')
    const id = await insertReceipt(session, tableId, receipt(0n, 10n))
    await completeReceipt(session, id, receipt(0n, 10n))
    await other.query('begin')
    const second = insertReceipt(other, tableId, receipt(5n, 15n)).then(
      () => 'inserted',
      (error: unknown) => (error as { code: string }).code,
    )
    await waitUntilBlocked(target, other.pid)
    await session.query(end)
    expect(await second).toBe(end === 'commit' ? 'HF-B011' : 'inserted')
    await other.query('rollback')
  }
  await other.release()
})

test('without the constraint both would be there: the tests above test it', async () => {
  await session.query('alter table hyperferry.receipt drop constraint receipt_no_overlap')
  await leave(session, receipt(0n, 10n))
  await leave(session, receipt(5n, 15n))
  expect(await receipts(session, tableId)).toHaveLength(2)
})

test('a receipt that was not completed cannot be committed', async () => {
  const half = transaction(session, () => insertReceipt(session, tableId, receipt(0n, 10n)))
  await expect(half).rejects.toMatchObject({ sqlstate: '23514' })
  expect(await receipts(session, tableId)).toHaveLength(0)
})

test('impossible receipts are refused by the table itself', async () => {
  await leave(session, receipt(0n, 10n))
  for (const broken of [
    'rows = -1',
    'quarantined = -1',
    'lane = 2',
    'lane = 1',
    "span = 'empty'",
    "span = '(1,2)'",
    "span = '[1,2]'",
    "span = '[1.5,2)'",
    "span = '[1,infinity)'",
    "digest = 'x'",
    'completed = false',
  ]) {
    await expect(session.query(`update hyperferry.receipt set ${broken}`), broken).rejects.toMatchObject({
      sqlstate: '23514',
    })
  }
})

test('completing another range, or twice, is refused', async () => {
  await session.query('begin')
  const id = await insertReceipt(session, tableId, receipt(0n, 10n))
  await expect(completeReceipt(session, id, receipt(0n, 11n))).rejects.toMatchObject({ code: 'HF-X001' })
  await completeReceipt(session, id, receipt(0n, 10n))
  await expect(completeReceipt(session, id, receipt(0n, 10n))).rejects.toMatchObject({ code: 'HF-X001' })
  await session.query('rollback')
})

test('totals add digests modulo 2^64 and losses by code and column', async () => {
  const all = new Digest()
  for (let i = 0; i < 5; i += 1) {
    const part = new Digest()
    for (let k = 0; k <= i; k += 1) {
      part.add(viewOf(Uint8Array.of(i, k, 255)), 0, 3)
      all.add(viewOf(Uint8Array.of(i, k, 255)), 0, 3)
    }
    const losses = [{ code: 'HF-L001', column: 'ts', count: i }]
    await leave(
      session,
      receipt(BigInt(i), BigInt(i + 1), { rows: i + 1, quarantined: 1, bytes: 3, digest: part.toString(), losses }),
    )
  }
  expect(await totals(session, tableId)).toEqual({
    rows: 15n,
    quarantined: 5n,
    discarded: 0n,
    bytes: 15n,
    losses: [{ code: 'HF-L001', column: 'ts', count: 10 }],
    digest: all.toString(),
    receipts: 5,
  })
  expect(all.toString()).toMatch(/^hf1:f:/)
})

test('totals of large sums wrap as digests do; another version is refused', async () => {
  const words = ['ffffffffffffffff', '8000000000000000', '7fffffffffffffff', '0000000000000001']
  const texts = words.map(
    (_, i) => `hf1:${(2 ** (40 + i)).toString(16)}:${[...words.slice(i), ...words.slice(0, i)].join(':')}`,
  )
  const all = new Digest()
  for (const [i, digest] of texts.entries()) {
    all.merge(digest)
    const losses = ['b', 'a'].map((column) => ({ code: 'HF-L001', column, count: 2 ** 40 }))
    await leave(session, receipt(BigInt(i), BigInt(i + 1), { digest, losses }))
  }
  expect(await totals(session, tableId)).toMatchObject({
    digest: all.toString(),
    losses: ['a', 'b'].map((column) => ({ code: 'HF-L001', column, count: 4 * 2 ** 40 })),
  })
  await leave(session, receipt(99n, 100n, { digest: texts[0]!.replace('hf1', 'hf2') }))
  await expect(totals(session, tableId)).rejects.toMatchObject({ code: 'HF-V002' })
})

test('tables keep their numbers, and another shape of a table is refused', async () => {
  const again = await registerTables(session, migrationId, [relationalTable('device'), seriesTable('reading')])
  expect(again.get('reading')).toBe(tableId)
  for (const changed of [
    seriesTable('reading', { split: 'pk', axis: 'device' }),
    seriesTable('reading', { name: 'other' }),
    seriesTable('reading', { columns: seriesTable('reading').columns.slice(1) }),
  ]) {
    await expect(registerTables(session, migrationId, [changed])).rejects.toMatchObject({ code: 'HF-P020' })
  }
})

test('rows in quarantine keep every byte of what they hold', async () => {
  const row: RejectedRow = {
    code: 'HF-D006',
    column: 'na"me',
    reason: 'NUL at 3: a\0b',
    sqlstate: null,
    key: { id: '18446744073709551615' },
    values: { id: '18446744073709551615', 'na"me': 'x\\y\n{"\u0000\uD800ü', empty: '', nothing: null, blob: '\\x00ff' },
  }
  const many = Array.from({ length: 1203 }, (_, i): RejectedRow => ({
    ...row,
    key: { id: String(i) },
    sqlstate: '22003',
  }))
  await transaction(session, async () => {
    const id = await insertReceipt(session, tableId, receipt(0n, 1n))
    await putQuarantine(session, tableId, id, [row, ...many])
    await completeReceipt(session, id, receipt(0n, 1n, { quarantined: 1204 }))
  })
  const [first] = await listQuarantine(session, migrationId, { limit: 1 })
  expect(first).toMatchObject({ ...row, reason: 'NUL at 3: a\u{fffd}b', table: 'reading', status: 'open' })
  expect(await countOpen(session, migrationId)).toEqual([{ table: 'reading', count: 1204n }])
  expect(await listQuarantine(session, migrationId, { table: 'device' })).toEqual([])
  const { rows } = await session.query('select source_table, reason from hyperferry.quarantine limit 1')
  expect(rows).toHaveLength(1)
})

test('the progress view says complete only when both lanes are covered', async () => {
  const complete = async (): Promise<unknown> =>
    (await session.query(`select complete, rows::text from hyperferry.progress where source_table = 'reading'`)).rows[0]
  await leave(session, receipt(null, 5n, { rows: 2 }))
  await leave(session, receipt(null, null, { lane: 1 }))
  expect(await complete()).toEqual({ complete: false, rows: '2' })
  await leave(session, receipt(5n, null, { rows: 3 }))
  expect(await complete()).toEqual({ complete: true, rows: '5' })
})

test('durable flushes what was committed asynchronously before it', async () => {
  await session.query('set synchronous_commit = off')
  await leave(session, receipt(0n, 1n))
  const { rows } = await session.query<{ at: string }>('select pg_current_wal_insert_lsn()::text as at')
  await durable(session)
  const flushed = await session.query<{ ok: boolean }>('select pg_current_wal_flush_lsn() >= $1::pg_lsn as ok', [
    rows[0]?.at,
  ])
  expect(flushed.rows[0]?.ok).toBe(true)
})

async function waitUntilBlocked(from: Target, pid: number): Promise<void> {
  for (;;) {
    const { rows } = await from.query<{ blocked: boolean }>('select cardinality(pg_blocking_pids($1)) > 0 as blocked', [
      pid,
    ])
    if (rows[0]?.blocked === true) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
