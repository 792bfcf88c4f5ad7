import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expand, holdsLiteralPassword, redact } from '../../src/config/urls.ts'

// Long enough not to occur in the rest of a URL by chance.
const secret = fc.string({ minLength: 6, maxLength: 20, unit: 'binary' }).map((text) => `Q7${text}9Z`)
const scheme = fc.constantFrom('mysql', 'mariadb', 'postgres', 'postgresql')
const password = fc.constantFrom('password', 'PASSWORD', 'sslpassword', 'pass%77ord', 'pwd', 'auth_token', 'passfile')
const encoded = fc
  .string({ minLength: 6, maxLength: 20, unit: 'grapheme' })
  .map((text) => `Q7${encodeURIComponent(text)}9Z`)

describe('redact', () => {
  test('never shows a password of the user info, raw or encoded', () => {
    fc.assert(
      fc.property(scheme, fc.oneof(secret, encoded), (name, hidden) => {
        const shown = redact(`${name}://app:${hidden}@db1:3306/plant?charset=utf8mb4`)
        expect(shown).not.toContain(hidden)
        expect(shown).toBe(`${name}://app:***@db1:3306/plant?charset=utf8mb4`)
      }),
      { seed: 1 },
    )
  })

  test.each(['p@ss', 'a@b/c', 'a/b@c?d', '@', 'x#y@z', 'a:b@c'])('takes %s for a password to its end', (hidden) => {
    expect(redact(`mysql://app:${hidden}@db1/plant`)).toBe('mysql://app:***@db1/plant')
  })

  test('never shows a secret of the query', () => {
    fc.assert(
      fc.property(scheme, password, fc.oneof(secret, encoded), (name, key, hidden) => {
        const shown = redact(`${name}://app@db1/plant?${key}=${hidden}`)
        expect(shown).not.toContain(hidden)
        expect(hidden.split('&').filter((part) => part.length > 3 && shown.includes(part))).toEqual([])
        expect(redact(`${name}://app@db1/plant?sslmode=require&${key}=${encodeURIComponent('a&b')}&x=1`)).toBe(
          `${name}://app@db1/plant?sslmode=require&${key}=***&x=1`,
        )
      }),
      { seed: 2 },
    )
  })

  test('never shows the password of a connection string', () => {
    fc.assert(
      fc.property(secret, (hidden) => {
        const quoted = `'${hidden.replaceAll(/['\\]/g, String.raw`\$&`)}'`
        expect(redact(`host=db1 password=${quoted} dbname=x`)).toBe('host=db1 password=*** dbname=x')
      }),
      { seed: 3 },
    )
    expect(redact('host=db1 password=abc sslmode=require')).toBe('host=db1 password=*** sslmode=require')
  })

  test('leaves alone what holds no secret', () => {
    for (const url of ['sqlite:/data/a@b.db', 'mysql://app@db1/plant', 'postgres://db1:5432/plant?sslmode=require']) {
      expect(redact(url)).toBe(url)
    }
  })
})

describe('expand', () => {
  test('takes values from the environment', () => {
    expect(expand('mysql://app:${PW}@${HOST}/x', { PW: 's', HOST: 'db' })).toBe('mysql://app:s@db/x')
    // A value is not expanded again.
    expect(expand('${A}', { A: '${B}', B: 'no' })).toBe('${B}')
    expect(expand('${A}', { A: '$&' })).toBe('$&')
  })

  test('refuses what is unset, empty or no name', () => {
    expect(() => expand('${NONE}', {})).toThrow(expect.objectContaining({ code: 'HF-U013' }))
    expect(() => expand('${NONE}', { NONE: '' })).toThrow(expect.objectContaining({ code: 'HF-U013' }))
    expect(() => expand('${A B}', {})).toThrow(expect.objectContaining({ code: 'HF-U011' }))
  })
})

test.each([
  ['mysql://app:secret@db/x', true],
  ['mysql://app:${PW}@db/x', false],
  ['mysql://app:a${PW}@db/x', true],
  ['mysql://app:a/b@db/x', true],
  ['mysql://app@db/x', false],
  ['mysql://app:@db/x', false],
  ['${HYPERFERRY_SOURCE}', false],
  ['postgres://db:5432/x?application_name=a@b', false],
  ['postgres://app@db/x?password=y', true],
  ['postgres://app@db/x?pass%77ord=y', true],
  ['postgres://app@db/x?password=${PW}&sslmode=require', false],
  ['sqlite:/data/a:b@c.db', false],
])('%s holds a literal password: %s', (url, expected) => {
  expect(holdsLiteralPassword(url)).toBe(expected)
})
