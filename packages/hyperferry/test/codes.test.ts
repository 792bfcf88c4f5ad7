// Every code in the sources is explained in one catalogue, and every catalogued code is used.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CATALOGUE } from '../src/errors.ts'
import { CHECK_CODES } from '../src/source/check-codes.ts'
import { FINDING_CODES } from '../src/source/finding-codes.ts'
import { LOSS_CODES, REJECT_CODES } from '../src/values/reject-codes.ts'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))
const CATALOGUES: Record<string, object> = {
  'errors-catalogue.ts': CATALOGUE,
  'errors-export.ts': {},
  'source/check-codes.ts': CHECK_CODES,
  'source/finding-codes.ts': FINDING_CODES,
  'source/finding-codes-values.ts': {},
  'values/reject-codes.ts': { ...REJECT_CODES, ...LOSS_CODES },
}
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const used = new Set(
  files
    .filter((file) => !(file in CATALOGUES))
    .flatMap((file) => readFileSync(`${SRC}/${file}`, 'utf8').match(/HF-[A-Z]\d{3}/g) ?? []),
)
const known = Object.values(CATALOGUES).flatMap((catalogue) => Object.keys(catalogue))

test('every code in use is in a catalogue', () => {
  expect([...used].filter((code) => !known.includes(code))).toEqual([])
})

test('every catalogued code is in use', () => {
  expect(known.filter((code) => !used.has(code))).toEqual([])
})

test('no code means two things', () => {
  expect(known.filter((code, at) => known.indexOf(code) !== at)).toEqual([])
})
