import { describe, expect, it } from 'vitest'
import { HyperferryError } from '../../../src/errors.ts'
import { parseAddress } from '../../../src/source/mysql/url.ts'

describe('parseAddress', () => {
  it('decodes every part', () => {
    const address = parseAddress('mariadb://us%40er:p%3Aw%2Fd%20@[::1]:3307/my%20db?connect-timeout=3')
    expect(address).toMatchObject({
      host: '::1',
      port: 3307,
      user: 'us@er',
      password: 'p:w/d ',
      database: 'my db',
      connectTimeout: 3000,
      loopback: true,
    })
  })

  it.each([
    ['localhost', '', 'DISABLED'],
    ['127.0.0.9', '', 'DISABLED'],
    ['localhost', '?ssl-mode=preferred', 'PREFERRED'],
    ['localhost', '?ssl-mode=VERIFY_IDENTITY', 'VERIFY_IDENTITY'],
    ['db1', '', 'REQUIRED'],
    ['127.evil.example', '', 'REQUIRED'],
    ['10.0.0.1', '?ssl-mode=PREFERRED', 'REQUIRED'],
    ['10.0.0.1', '?ssl-mode=verify-ca', 'VERIFY_CA'],
    ['10.0.0.1', '?ssl-mode=DISABLED', 'DISABLED'],
  ])('to %s%s means %s', (host, parameters, mode) => {
    expect(parseAddress(`mysql://u@${host}/d${parameters}`).sslMode).toBe(mode)
  })

  it.each([
    'mysql://u:geheim@host/',
    'mysql://u:geheim@host/a/b',
    'mysql://u:geheim@host/d?ssl-mode=maybe',
    'mysql://u:geheim@host/d?charset=latin1',
    'mysql://u:geheim@host/d?connect-timeout=0',
    'mysql://u:geheim@host/d?ssl-ca=/no/such/file',
    'mysql://u:geheim@host:99999/d',
    'mysql://u:geheim%zz@host/d',
  ])('refuses %s without showing the password', (url) => {
    let caught: unknown
    try {
      parseAddress(url)
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(HyperferryError)
    expect(caught).toMatchObject({ code: 'HF-U014', exitCode: 2 })
    expect(String(caught)).not.toContain('geheim')
  })
})
