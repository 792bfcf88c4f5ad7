import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalFloat, comparable, lastStep } from '../../../src/steps/verify/meaning-text.ts'

const hex = (text: string): string => Buffer.from(text).toString('hex')

describe('floats', () => {
  test.each([
    ['1e+20', '1e20'],
    ['100000000000000000000', '1e20'],
    ['0.000015', '1.5e-5'],
    ['1.50', '1.5e0'],
    ['-0', '-0e0'],
    ['0', '0e0'],
    ['0.0', '0e0'],
    ['Inf', 'Infinity'],
    ['-Infinity', '-Infinity'],
    ['NaN', 'NaN'],
    ['4.9406564584124654e-324', '5e-324'],
    ['1.7976931348623157e308', '1.7976931348623157e308'],
    ['0.10000000149011612', '1.0000000149011612e-1'],
  ])('%s is %s', (text, form) => expect(canonicalFloat(text)).toBe(form))

  test('17 digits and the shortest form name the same double, neighbours never do', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(canonicalFloat((Object.is(value, -0) ? '-' : '') + value.toExponential(16))).toBe(
          canonicalFloat(Object.is(value, -0) ? '-0' : String(value)),
        )
        expect(canonicalFloat(String(next(value)))).not.toBe(canonicalFloat(String(value)))
      }),
      { seed: 7, numRuns: 1000 },
    )
  })

  test('what is no number is kept, so that it differs', () => {
    expect(canonicalFloat('')).toBe('')
    expect(canonicalFloat('abc')).toBe('abc')
    expect(canonicalFloat('1e999')).toBe('1e999')
  })
})

test('the last step is chosen by the target type', () => {
  expect(
    ['real', 'double precision', 'float8', 'FLOAT4', 'json', 'jsonb', 'numeric(3,1)', 'text[]', 'text'].map(lastStep),
  ).toEqual(['float', 'float', 'float', 'float', 'json', 'json', 'none', 'none', 'none'])
})

test('JSON is compared by value, text by bytes, NULL is NULL', () => {
  expect(comparable('json', hex('{"a": 1.0}'))).toBe(comparable('json', hex('{"a":1}')))
  expect(comparable('none', hex('{"a": 1.0}'))).not.toBe(comparable('none', hex('{"a":1}')))
  expect(comparable('json', hex('{broken'))).toBe(`text ${hex('{broken')}`)
  expect(comparable('float', null)).toBeNull()
})

test('the second opinion imports no encoder, no normaliser and no digest', () => {
  const folder = new URL('../../../src/steps/verify/', import.meta.url)
  const canonical = ['canonical.ts', 'canonical-literal.ts'].map(
    (name) => new URL(`../../../src/target/${name}`, import.meta.url),
  )
  const meaning = readdirSync(folder).filter((name) => name.startsWith('meaning'))
  expect(meaning.length).toBeGreaterThan(1)
  for (const file of [...canonical, ...meaning.map((name) => new URL(name, folder))]) {
    const imports = [...readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)].map((match) => match[1])
    // Only the parser of type names may be shared, and of this folder only what is itself part of the second opinion.
    const foreign = imports.filter((name) => /values\//.test(name!) && !/values\/(pgtype|axis)\.ts$/.test(name!))
    const inside = imports.filter((name) => /^\.\/(?!meaning|document|excused)/.test(name!))
    expect({ file: file.pathname, foreign: [...foreign, ...inside] }).toEqual({ file: file.pathname, foreign: [] })
  }
})

function next(value: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigUint64(0, view.getBigUint64(0) + 1n)
  const after = view.getFloat64(0)
  return Number.isFinite(after) ? after : 0
}
