/** The target's URL, read by libpq's rules where the driver's differ (sslmode). */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { HyperferryError, messageOf } from '../errors.ts'

/** Where and how to connect. */
export interface Address {
  host: string
  port: number
  user: string
  /** null: none in the URL or PGPASSWORD; the driver then looks into ~/.pgpass. */
  password: string | null
  database: string
  /** A Unix socket's folder, or a name or address of this very machine. */
  local: boolean
  /** `off` never, `prefer` if the server can, `require` always. */
  tls: 'off' | 'prefer' | 'require'
  tlsOptions: ConnectionOptions
  applicationName: string | null
  /** For messages: no user, no password. */
  label: string
}

/**
 * Reads a `postgres://` or `postgresql://` URL. Missing parts come from PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE
 * and PGSSLROOTCERT as in libpq. To a host that is not this machine TLS is required unless `sslmode=disable` is written.
 * Throws HF-U014.
 */
export function parseAddress(url: string, env: Readonly<Record<string, string | undefined>> = process.env): Address {
  const parsed = parseUrl(url)
  const option = (name: string, variable?: string): string | null =>
    parsed.searchParams.get(name) ?? (variable === undefined ? null : (env[variable] ?? null))
  const host = option('host') ?? (decode(parsed.hostname.replace(/^\[(.*)\]$/, '$1')) || env['PGHOST'] || 'localhost')
  if (host.includes(',')) refuse('several hosts in one URL: name the primary')
  const port = Number(option('port') ?? (parsed.port || env['PGPORT'] || '5432'))
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse('the port is not a number from 1 to 65535')
  const user = option('user') ?? (decode(parsed.username) || env['PGUSER'] || env['USER'] || 'postgres')
  const local = isLocal(host)
  return {
    host,
    port,
    user,
    password: option('password') ?? (decode(parsed.password) || env['PGPASSWORD'] || null),
    database: decode(parsed.pathname.slice(1)) || option('dbname') || env['PGDATABASE'] || user,
    local,
    ...tlsOf(option('sslmode', 'PGSSLMODE'), local, option),
    applicationName: option('application_name'),
    label: host.startsWith('/') ? `${host}:${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`,
  }
}

function parseUrl(url: string): URL {
  let parsed: URL
  try {
    // An empty host (Unix socket given by ?host=) is not valid for Node after user information.
    parsed = new URL(url.replace(/^(postgres(?:ql)?:\/\/[^/?#]*)@(?=[/?#]|$)/, '$1@%00'))
  } catch {
    return refuse('it is not a URL; a special character in user or password must be written as %XX')
  }
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:') {
    refuse(`the target must be postgres:// or postgresql://, not ${parsed.protocol}//`)
  }
  return parsed
}

function refuse(why: string): never {
  throw new HyperferryError('HF-U014', { what: `target URL: ${why}` })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text).replaceAll('\0', '')
  } catch {
    return refuse('a % that is not followed by two hexadecimal digits; write it as %25')
  }
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

function tlsOf(
  mode: string | null,
  local: boolean,
  option: (name: string, variable?: string) => string | null,
): Pick<Address, 'tls' | 'tlsOptions'> {
  if (mode !== null && !sslModes.includes(mode)) refuse(`sslmode must be one of ${sslModes.join(', ')}`)
  if (mode === 'disable') return { tls: 'off', tlsOptions: {} }
  const rootFile = option('sslrootcert', 'PGSSLROOTCERT')
  const ca = rootFile === null || rootFile === 'system' ? null : readPem(rootFile, 'sslrootcert')
  const certificate = option('sslcert', 'PGSSLCERT')
  const key = option('sslkey', 'PGSSLKEY')
  const passphrase = option('sslpassword')
  const tlsOptions: ConnectionOptions = {
    ...(ca === null ? {} : { ca }),
    ...(certificate === null ? {} : { cert: readPem(certificate, 'sslcert') }),
    ...(key === null ? {} : { key: readPem(key, 'sslkey') }),
    ...(passphrase === null ? {} : { passphrase }),
    ...verification(mode, ca !== null, rootFile === 'system'),
  }
  // `allow` and `prefer` fall back to plain text: only ever on this machine.
  const required = !local || (mode !== null && mode !== 'allow' && mode !== 'prefer')
  return { tls: required ? 'require' : 'prefer', tlsOptions }
}

/** libpq: a given root certificate turns `require` into `verify-ca`; only `verify-full` compares the name. */
function verification(mode: string | null, hasRoot: boolean, system: boolean): ConnectionOptions {
  if (mode === 'verify-full' || system) return { rejectUnauthorized: true }
  if (mode === 'verify-ca' && !hasRoot) refuse('sslmode=verify-ca needs sslrootcert; or use sslmode=verify-full')
  if (mode === 'verify-ca' || (mode === 'require' && hasRoot)) {
    return { rejectUnauthorized: true, checkServerIdentity: () => undefined }
  }
  return { rejectUnauthorized: false }
}

function readPem(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    return refuse(`${option}: ${messageOf(error)}`)
  }
}
