/** Source URLs: mysql://user:password@host:port/database?ssl-mode=…&ssl-ca=…&socket=…&connect-timeout=… */
import { readFileSync } from 'node:fs'
import { HyperferryError } from '../../errors.ts'

type SslMode = 'DISABLED' | 'PREFERRED' | 'REQUIRED' | 'VERIFY_CA' | 'VERIFY_IDENTITY'

export interface Address {
  host: string
  port: number
  /** Unix socket; host and port are not used then. */
  socket: string | null
  user: string
  password: string
  database: string
  sslMode: SslMode
  /** PEM text of certificate authorities. */
  ca: string | null
  /** Milliseconds. */
  connectTimeout: number
  /** Same machine: plain text is no risk. */
  loopback: boolean
}

const MODES: readonly string[] = ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY']
const PARAMETERS: readonly string[] = ['ssl-mode', 'ssl-ca', 'socket', 'connect-timeout']

/** Reads the URL. Throws HF-U014 for what is not understood; the URL itself never stands in the message: it may hold a password. */
export function parseAddress(text: string): Address {
  const url = parse(text)
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.includes(name)) throw wrong(`unknown parameter ${name}`, `Known: ${PARAMETERS.join(', ')}.`)
  }
  const host = decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost'
  const socket = url.searchParams.get('socket')
  const loopback = socket !== null || isLoopback(host)
  const database = decode(url.pathname.slice(1))
  if (database === '' || database.includes('/'))
    throw wrong('the database is missing', 'Write mysql://user@host/DATABASE.')
  return {
    host,
    port: url.port === '' ? 3306 : Number(url.port),
    socket,
    user: decode(url.username),
    password: decode(url.password),
    database,
    sslMode: sslMode(url, loopback),
    ca: certificateAuthority(url.searchParams.get('ssl-ca')),
    connectTimeout: seconds(url.searchParams.get('connect-timeout') ?? '10') * 1000,
    loopback,
  }
}

function parse(text: string): URL {
  try {
    return new URL(text)
  } catch (cause) {
    // The cause would show the whole text.
    throw wrong('it is not a URL', cause instanceof Error ? 'Write mysql://user@host/database.' : '')
  }
}

function sslMode(url: URL, loopback: boolean): SslMode {
  const given = url.searchParams.get('ssl-mode')?.toUpperCase().replaceAll('-', '_')
  if (given === undefined) {
    if (url.searchParams.has('ssl-ca')) return 'VERIFY_CA'
    return loopback ? 'DISABLED' : 'REQUIRED'
  }
  if (!MODES.includes(given)) throw wrong('ssl-mode is not understood', `One of ${MODES.join(', ')}.`)
  // PREFERRED would let anyone between the two machines switch encryption off.
  return given === 'PREFERRED' && !loopback ? 'REQUIRED' : (given as SslMode)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
}

function certificateAuthority(file: string | null): string | null {
  if (file === null) return null
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new HyperferryError('HF-U014', {
      what: `ssl-ca: cannot read ${file}`,
      hint: 'Give a readable PEM file.',
      cause,
    })
  }
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 3600))
    throw wrong('connect-timeout is not a number of seconds', 'Write connect-timeout=10.')
  return value
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('a % is not followed by two hex digits', 'Write % itself as %25.')
  }
}

function wrong(what: string, hint: string): HyperferryError {
  return new HyperferryError('HF-U014', { what: `Source URL: ${what}`, hint })
}
