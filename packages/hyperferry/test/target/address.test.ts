import { expect, test } from 'vitest'
import { parseAddress } from '../../src/target/address.ts'

const none = {}

test('reads what libpq reads', () => {
  expect(parseAddress('postgres://u%40x:p%2Fw@db.example:6000/na%20me', none)).toMatchObject({
    host: 'db.example',
    port: 6000,
    user: 'u@x',
    password: 'p/w',
    database: 'na me',
    local: false,
    label: 'db.example:6000',
  })
  expect(parseAddress('postgresql://me@localhost', none)).toMatchObject({
    port: 5432,
    database: 'me',
    password: null,
    local: true,
  })
  expect(parseAddress('postgres://me@/db?host=/tmp&port=6001', none)).toMatchObject({
    host: '/tmp',
    port: 6001,
    local: true,
  })
  expect(parseAddress('postgres:///db?host=/tmp', { PGUSER: 'x' })).toMatchObject({
    host: '/tmp',
    user: 'x',
    database: 'db',
  })
  expect(parseAddress('postgres://me@%2Fvar%2Frun/db', none)).toMatchObject({ host: '/var/run', local: true })
  expect(parseAddress('postgres://me@[::1]:6000/db', none)).toMatchObject({
    host: '::1',
    local: true,
    label: '[::1]:6000',
  })
  expect(
    parseAddress('postgres://', { PGHOST: 'h', PGPORT: '1', PGUSER: 'u', PGPASSWORD: 'p', PGDATABASE: 'd' }),
  ).toMatchObject({ host: 'h', port: 1, user: 'u', password: 'p', database: 'd' })
})

test('TLS is required to another machine unless it is switched off by name', () => {
  const tls = (host: string, mode?: string, env = {}): string =>
    parseAddress(`postgres://u@${host}/d${mode === undefined ? '' : `?sslmode=${mode}`}`, env).tls
  for (const mode of [undefined, 'allow', 'prefer', 'require', 'verify-full'])
    expect(tls('db.example', mode)).toBe('require')
  expect(tls('db.example', 'disable')).toBe('off')
  expect(tls('db.example', undefined, { PGSSLMODE: 'disable' })).toBe('off')
  expect(tls('127.0.0.1')).toBe('prefer')
  expect(tls('127.0.0.1', 'require')).toBe('require')
  // A name that only looks like this machine.
  expect(tls('127.0.0.1.example')).toBe('require')
})

test('certificates are checked as the mode says', () => {
  const options = (query: string) => parseAddress(`postgres://u@db.example/d?${query}`, none).tlsOptions
  expect(options('sslmode=require')).toEqual({ rejectUnauthorized: false })
  expect(options('sslmode=verify-full')).toEqual({ rejectUnauthorized: true })
  const file = encodeURIComponent(import.meta.filename)
  const pinned = options(`sslmode=require&sslrootcert=${file}`)
  expect(pinned).toMatchObject({ rejectUnauthorized: true, ca: expect.any(String) as string })
  expect(pinned.checkServerIdentity?.('other', {} as never)).toBeUndefined()
  const full = options(`sslmode=verify-full&sslrootcert=${file}`)
  expect(full.rejectUnauthorized).toBe(true)
  expect(full.checkServerIdentity).toBeUndefined()
})

test.for([
  'mysql://u@h/d',
  'nonsense',
  'postgres://u@a,b/d',
  'postgres://u:50%@h/d',
  'postgres://u@h/d?sslmode=maybe',
  'postgres://u@h/d?sslmode=verify-ca',
  'postgres://u@h/d?sslrootcert=/does/not/exist',
  'postgres://u@h:0/d',
])('refuses %s and repeats no secret', (url) => {
  expect(() => parseAddress(url, none)).toThrow(
    expect.objectContaining({ code: 'HF-U014', message: expect.not.stringContaining('50%') as string }) as Error,
  )
})
