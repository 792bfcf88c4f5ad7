import { expect, test } from 'vitest'
import { describeWith } from '../../../../test/servers/index.ts'
import type { HyperferryError } from '../../src/errors.ts'
import { inSavepoint } from '../../src/target/savepoint.ts'
import { transaction } from '../../src/target/transaction.ts'
import { isDataError } from '../../src/work/bisect.ts'
import { opened } from '../control/claimed.ts'

const describe = await describeWith('pg17')

describe('a savepoint', () => {
  const world = async () => {
    const { target } = await opened('pg17')
    const session = await target.session()
    await session.query('create temporary table t (n int primary key)')
    const insert = (n: number | string) => session.query('insert into t values ($1::text::int)', [String(n)])
    const rows = async () => (await session.query<{ n: number }>('select n from t order by n')).rows.map(({ n }) => n)
    return { session, insert, rows }
  }

  test('what is forgiven is taken back and told, what succeeded stays or is undone', async () => {
    const { session, insert, rows } = await world()
    await transaction(session, async () => {
      await insert(1)
      const twice = async () => {
        await insert(2)
        await insert(1)
      }
      expect(await inSavepoint(session, twice, isDataError)).toMatchObject({
        result: null,
        error: { sqlstate: '23505' },
      })
      expect(await inSavepoint(session, () => insert(3), isDataError)).toMatchObject({ error: null })
      expect(await inSavepoint(session, () => insert(4), isDataError, { undo: true })).toMatchObject({ error: null })
    })
    expect(await rows()).toEqual([1, 3])
  })

  test('what is not forgiven is thrown through, and an outer one takes back all of its own', async () => {
    const { session, insert, rows } = await world()
    const never = (_error: unknown): _error is HyperferryError => false
    await transaction(session, async () => {
      await insert(1)
      const inner = async () => {
        await insert(2)
        await inSavepoint(session, () => insert('x'), never)
      }
      expect(await inSavepoint(session, inner, isDataError)).toMatchObject({ error: { sqlstate: '22P02' } })
    })
    expect(await rows()).toEqual([1])
  })
})
