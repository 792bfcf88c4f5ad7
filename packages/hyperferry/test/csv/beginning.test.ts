// Byte order mark, lines left out, header, and which row end the file has.
import { expect, test } from 'vitest'
import { readBeginning } from '../../src/csv/beginning.ts'

const dialect = { delimiter: 44, quote: 34, escape: 34 }
const read = (text: string, options: { skipLines?: number; header?: boolean } = {}, whole = true) =>
  readBeginning(Buffer.from(text), whole, {
    dialect,
    skipLines: options.skipLines ?? 0,
    header: options.header ?? false,
  })

test('row ends are told by the first one outside of quotes', () => {
  expect(read('a,b\r\nc,d\n')?.rowEnd).toBe('crlf')
  expect(read('"a\r\nb",c\nd\r\n')?.rowEnd).toBe('lf')
  expect(read('"a\nb",c\rd\r')?.rowEnd).toBe('cr')
  expect(read('a\r')?.rowEnd).toBe('cr')
  expect(read('a\r', {}, false)).toBeNull()
  expect(read('one row')?.rowEnd).toBe('lf')
  expect(read('one row', {}, false)).toBeNull()
})

test('the mark is left out, lines are counted before the header, and the header is read by the rules of rows', () => {
  expect(read('\uFEFFa,b\n1,2\n', { header: true })).toMatchObject({ first: 7, header: ['a', 'b'] })
  expect(read('# "comment\nts,"a ""b"",\nc"\r1,2\r', { skipLines: 1, header: true })).toMatchObject({
    first: 27,
    rowEnd: 'cr',
    header: ['ts', 'a "b",\nc'],
  })
  expect(read('x\r\ny\r\n1\r\n', { skipLines: 2 })).toMatchObject({ first: 6, rowEnd: 'crlf', header: null })
  expect(read('a,b', { header: true })).toMatchObject({ first: 3, header: ['a', 'b'] })
  expect(read('', { header: true })).toMatchObject({ first: 0, header: [''] })
  expect(read('a,b\n', { skipLines: 3 })).toMatchObject({ first: 4 })
})
