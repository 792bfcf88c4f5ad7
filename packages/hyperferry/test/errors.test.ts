import { expect, test } from 'vitest'
import { CATALOGUE, HyperferryError } from '../src/errors.ts'

const first = new HyperferryError('HF-S010', {
  what: 'it was refused',
  hint: 'Wait.',
  sqlstate: '55P03',
  details: { table: 'a' },
})

test('told in other words an error keeps its code, its cause, and what is known of it', () => {
  const again = first.retold({ what: 'index x: it was refused', details: { index: 'x' } })
  expect(again).toMatchObject({
    code: 'HF-S010',
    message: 'index x: it was refused',
    hint: 'Wait.',
    sqlstate: '55P03',
    details: { table: 'a', index: 'x' },
    cause: first,
  })
  expect(first.retold({ hint: 'Go.' })).toMatchObject({ message: 'it was refused', hint: 'Go.' })
})

test('under another code its hint is that code’s, unless one is given', () => {
  expect(first.retold({ code: 'HF-C019' })).toMatchObject({ code: 'HF-C019', hint: CATALOGUE['HF-C019'].hint })
  expect(first.retold({ code: 'HF-C019', hint: 'Go.' }).hint).toBe('Go.')
})
