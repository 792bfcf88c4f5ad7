// Doubt: lost answers, zombies, wires that are cut. What the verdict says must agree with what is in the database.
import mysql from 'mysql2/promise'
import { expect, it } from 'vitest'
import { relayTo } from '../../../../test/faults/relay.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { mysql2Store } from '../../src/stores/mysql2.ts'
import { batchOf, mysqlStage, newJournal, numbered } from './mysql-stage.ts'
import type { Engine } from './mysql-stage.ts'

const describe = await describeWith('mariadb', 'mysql')
const mark = 'insert into hyperferry_op (journal, seq) values (?, ?)'

for (const engine of ['mariadb', 'mysql'] as Engine[]) {
  describe(`mysql2 store in doubt, ${engine}`, () => {
    it('is present once it has committed; absent for ever once it was settled so', async () => {
      const stage = await mysqlStage(engine)
      const store = mysql2Store(stage.pool())
      await store.prepare()
      const journal = newJournal()
      const [one, two] = [1, 2].map((seq) => ({ journal, seq, marked: true }))
      await store.write(batchOf([[1, 'a']]), one!)
      expect(await store.settle(batchOf([[1, 'a']]), one!)).toEqual({ answer: 'present' })
      // Twice: the answer to the first may be lost, and then its own marker must not pass for the op's.
      for (let time = 0; time < 2; time += 1)
        expect(await store.settle(batchOf([[2, 'b']]), two!)).toEqual({ answer: 'absent' })
      await expect(store.write(batchOf([[2, 'b']]), two!)).rejects.toMatchObject({ errno: 1062 })
      expect(await stage.ids()).toEqual([1])
    })

    for (const end of ['commit', 'rollback'] as const) {
      it(`a zombie that holds the marker and then ends with ${end}`, async () => {
        const stage = await mysqlStage(engine)
        const store = mysql2Store(stage.pool())
        await store.prepare()
        const op = { journal: newJournal(), seq: 1, marked: true }
        const zombie = await stage.admin.getConnection()
        await zombie.beginTransaction()
        await zombie.query(mark, [op.journal, op.seq])
        await zombie.query("insert into reading (id, name) values (1, 'a')")
        let settled = false
        const settling = store.settle(batchOf([[1, 'a']]), op).finally(() => (settled = true))
        await new Promise((done) => setTimeout(done, 300))
        expect(settled).toBe(false)
        await zombie[end]()
        zombie.release()
        expect(await settling).toEqual({ answer: end === 'commit' ? 'present' : 'absent' })
        expect(await stage.ids()).toEqual(end === 'commit' ? [1] : [])
      })
    }

    it('does not wait long for a zombie that does neither, and leaves the lock wait as it was', async () => {
      const stage = await mysqlStage(engine)
      const pool = stage.pool({ connectionLimit: 1 })
      await pool.query('set session innodb_lock_wait_timeout = 37')
      const store = mysql2Store(pool)
      await store.prepare()
      const op = { journal: newJournal(), seq: 1, marked: true }
      const zombie = await stage.admin.getConnection()
      await zombie.beginTransaction()
      await zombie.query(mark, [op.journal, op.seq])
      await zombie.query("insert into reading (id, name) values (1, 'a')")
      const began = performance.now()
      expect(await store.settle(batchOf([[1, 'a']]), op)).toEqual({ answer: 'unknown' })
      // By its key as well: the row is neither there nor not there.
      expect(await store.settle(batchOf([[1, 'a']]), { ...op, marked: false })).toEqual({ answer: 'unknown' })
      expect(performance.now() - began).toBeLessThan(30_000)
      const [[now]] = await pool.query<mysql.RowDataPacket[]>('select @@session.innodb_lock_wait_timeout w')
      expect(now).toEqual({ w: 37 })
      await zombie.rollback()
      zombie.release()
    })

    it('late writes and settlers race: the answer says where the rows are, and stays', async () => {
      const stage = await mysqlStage(engine)
      const stores = [mysql2Store(stage.pool()), mysql2Store(stage.pool())]
      for (const store of stores) await store.prepare()
      const journal = newJournal()
      const answers: Record<string, number> = {}
      for (let seq = 1; seq <= 60; seq += 1) {
        const op = { journal, seq, marked: true }
        const batch = batchOf(numbered(3, seq * 10))
        const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
        const settle = async (delay: number): Promise<string> => {
          await wait(delay)
          return (await stores[1]!.settle(batch, op)).answer
        }
        const [written, ...told] = await Promise.all([
          wait(seq % 3)
            .then(() => stores[0]!.write(batch, op))
            .then(
              () => 'present',
              () => 'absent',
            ),
          settle(seq % 4),
          settle(seq % 5),
        ])
        told.push(await settle(0))
        expect(told.filter((answer) => answer !== 'unknown' && answer !== written)).toEqual([])
        expect((await stage.ids()).filter((id) => Math.floor(id / 10) === seq)).toHaveLength(
          written === 'present' ? 3 : 0,
        )
        answers[written] = (answers[written] ?? 0) + 1
      }
      expect(Object.keys(answers).toSorted()).toEqual(['absent', 'present'])
    })

    it('finds TIMESTAMP keys whatever the time zone of the session', async () => {
      const stage = await mysqlStage(engine)
      const pool = stage.pool()
      pool.pool.on('connection', (c) => c.query("set time_zone = '+05:30'"))
      const store = mysql2Store(pool, { markers: false })
      const batch = batchOf([['2026-01-01 00:00:00.000001', 'a']], {
        table: 'moment',
        columns: ['at', 'name'],
        key: ['at'],
        utc: true,
      })
      const op = { journal: newJournal(), seq: 1, marked: false }
      expect(await store.settle(batch, op)).toEqual({ answer: 'absent' })
      await store.write(batch, op)
      expect(await store.settle(batch, op)).toEqual({ answer: 'present', present: [0] })
      await store.apply([{ op, batch }])
      const [rows] = await stage.admin.query<mysql.RowDataPacket[]>('select unix_timestamp(at) at from moment')
      expect(rows.map((row) => String(row['at']))).toEqual(['1767225600.000001'])
    })

    it('tells which rows are there by their keys, and nothing without one', async () => {
      const stage = await mysqlStage(engine)
      const store = mysql2Store(stage.pool(), { markers: false })
      await store.write(batchOf(numbered(200).filter((_, index) => index % 3 === 0)), null)
      const op = { journal: newJournal(), seq: 1 }
      const there = numbered(200).flatMap((_, index) => (index % 3 === 0 ? [index] : []))
      expect(await store.settle(batchOf(numbered(200)), op)).toEqual({ answer: 'present', present: there })
      expect(await store.settle(batchOf(numbered(2), { key: null }), op)).toEqual({ answer: 'unknown' })
      expect(await store.settle(batchOf([[1, null]], { key: ['id', 'name'] }), op)).toEqual({ answer: 'unknown' })
    })

    for (const markers of [undefined, false] as const) {
      it(`applies each op once, ${markers === false ? 'by key' : 'by marker'}; a foreign duplicate is no silence`, async () => {
        const stage = await mysqlStage(engine)
        const store = mysql2Store(stage.pool(), markers === false ? { markers } : {})
        await store.prepare()
        const journal = newJournal()
        const ops = Array.from({ length: 90 }, (_, index) => ({
          op: { journal, seq: index + 1 },
          batch: batchOf(numbered(2, index * 2 + 1)),
        }))
        await store.apply(ops.slice(3, 40))
        await store.apply(ops)
        await store.apply(ops.toReversed())
        expect(await stage.ids()).toEqual(Array.from({ length: 180 }, (_, index) => index + 1))
        const foreign = [ops[0]!, { op: { journal, seq: 500 }, batch: batchOf([[900, 'n7']]) }]
        const verdict = await store.apply(foreign).catch((error: unknown) => store.classify(error))
        expect(verdict).toMatchObject({ outcome: 'definite', retry: 'permanent' })
        if (markers === undefined) return
        const keyless = { op: { journal, seq: 501 }, batch: batchOf([[901, 'z']], { key: null }) }
        expect(await store.apply([keyless]).catch((error: unknown) => store.classify(error))).toMatchObject({
          retry: 'permanent',
        })
      })
    }

    it('an apply by key waits for the one before it instead of calling its rows an error', async () => {
      const stage = await mysqlStage(engine)
      const store = mysql2Store(stage.pool(), { markers: false })
      const zombie = await stage.admin.getConnection()
      await zombie.beginTransaction()
      await zombie.query("insert into reading (id, name) values (1, 'n1'), (2, 'n2')")
      const applied = store.apply([{ op: { journal: newJournal(), seq: 1 }, batch: batchOf(numbered(3)) }])
      applied.catch(() => {})
      await new Promise((done) => setTimeout(done, 300))
      await zombie.commit()
      zombie.release()
      await applied
      expect(await stage.ids()).toEqual([1, 2, 3])
    })

    // Every packet of a transaction is swallowed once: its answer is lost and the wire cut.
    it('the wire is cut at each statement: the verdict agrees with the database', async () => {
      const stage = await mysqlStage(engine)
      const direct = mysql2Store(stage.pool())
      await direct.prepare()
      const journal = newJournal()
      const seen: string[] = []
      for (let cutAt = 1; cutAt <= 12; cutAt += 1) {
        let armed = false
        let packets = 0
        let last = ''
        await using relay = await relayTo(stage.url, {
          onRequest: (chunk) => {
            if (!armed || (packets += 1) !== cutAt) return 'pass'
            last = chunk.toString('latin1')
            return 'swallow'
          },
        })
        const pool = mysql.createPool({ uri: relay.url(stage.url), connectionLimit: 1 })
        const store = mysql2Store(pool)
        expect(await store.prepare()).toEqual({ markers: true })
        armed = true
        const op = { journal, seq: cutAt, marked: true }
        const batch = batchOf(numbered(10, cutAt * 100))
        const told = await store.write(batch, op).then(
          () => 'written',
          (error: unknown) => store.classify(error).outcome,
        )
        await pool.end().catch(() => {})
        const isThere = (await stage.ids()).some((id) => Math.floor(id / 100) === cutAt)
        const settled = told === 'unknown' ? (await direct.settle(batch, op)).answer : null
        const atCommit = last.includes('COMMIT')
        const truth = { told, isThere, settled, atCommit: told === 'unknown' && atCommit }
        expect([
          { told: 'definite', isThere: false, settled: null, atCommit: false },
          { told: 'unknown', isThere: true, settled: 'present', atCommit: true },
          { told: 'written', isThere: true, settled: null, atCommit: false },
        ]).toContainEqual(truth)
        seen.push(told)
      }
      expect([...new Set(seen)]).toEqual(['definite', 'unknown', 'written'])
    })

    it('a statement that commits by itself is unknown without an answer, and definite with an error', async () => {
      const stage = await mysqlStage(engine)
      // 0x17: execution of a prepared statement.
      await using relay = await relayTo(stage.url, { onRequest: (chunk) => (chunk[4] === 0x17 ? 'swallow' : 'pass') })
      const pool = mysql.createPool({ uri: relay.url(stage.url) })
      const store = mysql2Store(pool)
      const lost = await store.write(batchOf([[1, 'a']]), null).catch((error: unknown) => store.classify(error))
      expect(lost).toMatchObject({ outcome: 'unknown', retry: 'transient' })
      await pool.end()
      expect(await stage.ids()).toEqual([1])
      const refused = await mysql2Store(stage.pool())
        .write(batchOf([[1, 'a']]), null)
        .catch((error: unknown) => store.classify(error))
      expect(refused).toEqual({ outcome: 'definite', retry: 'permanent', code: '23000' })
    })

    it('commits also where the session does not do so by itself', async () => {
      const stage = await mysqlStage(engine)
      const pool = stage.pool({ connectionLimit: 1 })
      await pool.query('set session autocommit = 0')
      await mysql2Store(pool).write(batchOf([[1, 'a']]), null)
      expect(await stage.ids()).toEqual([1])
    })

    it('a server that is not there has nothing', async () => {
      const store = mysql2Store(mysql.createPool('mysql://nobody@127.0.0.1:1/x'))
      const verdict = await store.write(batchOf(numbered(1)), null).catch((error: unknown) => store.classify(error))
      expect(verdict).toEqual({ outcome: 'definite', retry: 'transient', code: 'ECONNREFUSED' })
    })
  })
}
