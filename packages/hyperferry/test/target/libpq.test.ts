// Connection strings of the older kind.
import { expect, test } from 'vitest'
import { parseAddress } from '../../src/target/address.ts'
import { toUrl } from '../../src/target/libpq.ts'

test.each([
  [
    'host=db1 port=5433 user=o%wner password=p@ss\\ w dbname=plant',
    { host: 'db1', port: 5433, user: 'o%wner', password: 'p@ss w', database: 'plant' },
  ],
  [
    "host=localhost user=postgres password='it\\'s' sslmode=disable",
    { host: 'localhost', user: 'postgres', password: "it's", tls: 'off' },
  ],
  ['host=/run/pg dbname=a', { host: '/run/pg', database: 'a' }],
  ['host=::1 user=x dbname=y application_name=z', { host: '::1', database: 'y', applicationName: 'z' }],
  ['user=x', { host: 'localhost', user: 'x', database: 'x' }],
  ['', { host: 'localhost' }],
  ['postgres://u@h/d', { host: 'h', user: 'u', database: 'd' }],
])('%s', (text, expected) => {
  expect(parseAddress(toUrl(text), {})).toMatchObject(expected)
})

test('neither a URL nor a list', () => {
  expect(() => toUrl('db1/plant')).toThrow(expect.objectContaining({ code: 'HF-U014' }))
})
