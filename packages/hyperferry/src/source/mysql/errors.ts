/** Driver and server errors as errors of the catalogue; told apart by errno and code only. */
import { HyperferryError, messageOf } from '../../errors.ts'
import type { ErrorCode } from '../../errors.ts'

/** Where it happened: the same network error means "cannot be reached" at first and "connection lost" later. */
export type Phase = 'connect' | 'read'

/** Wraps whatever mysql2 or Node threw. `context` says what was being done. */
export function mysqlError(error: unknown, context: string, phase: Phase): HyperferryError {
  if (error instanceof HyperferryError) return error
  const { errno, code, sqlState } = facts(error)
  const known = (errno === null ? undefined : BY_ERRNO.get(errno)) ?? byCode(code, phase)
  const { code: ours, hint } = known ?? { code: phase === 'connect' ? ('HF-C001' as const) : ('HF-R001' as const) }
  return new HyperferryError(ours, {
    what: `${context}: ${messageOf(error)}${errno === null ? '' : ` (${errno})`}`,
    ...(hint === undefined ? {} : { hint }),
    ...(sqlState === null && code === null ? {} : { sqlstate: sqlState ?? code ?? '' }),
    cause: error,
  })
}

interface Known {
  code: ErrorCode
  hint?: string
}

const TLS_HINT = 'The account wants TLS: remove ssl-mode=DISABLED from the URL.'
const CERTIFICATE_HINT =
  "Name the server's certificate authority with ssl-ca=FILE, or use ssl-mode=REQUIRED to encrypt without checking."

const BY_ERRNO = new Map<number, Known>([
  ...each([1045, 1698, 1251, 1820, 1862, 3118, 4151, 3955], { code: 'HF-C002' }),
  [1130, { code: 'HF-C002', hint: "The server does not let this host in: check the account's host part." }],
  [3159, { code: 'HF-C017', hint: TLS_HINT }],
  [1049, { code: 'HF-C003' }],
  ...each([1044, 1142, 1143, 1227, 1370, 1410], { code: 'HF-C004' }),
  ...each([1040, 1203, 1226], {
    code: 'HF-C001',
    hint: 'The server has no free connection: use fewer, or raise its limit.',
  }),
  ...each([1129], { code: 'HF-C001', hint: 'The server blocks this host after many failed connections: FLUSH HOSTS.' }),
  ...each([1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 4031], { code: 'HF-R002' }),
  ...each([1205, 1213, 1317, 1412, 1969, 3024], { code: 'HF-R003' }),
  ...each([1054, 1146, 1109], { code: 'HF-P021' }),
])

function byCode(code: string | null, phase: Phase): Known | undefined {
  if (code === null) return undefined
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return { code: 'HF-C017' }
  if (
    code === 'HANDSHAKE_SSL_ERROR' ||
    CERTIFICATE.has(code) ||
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL')
  ) {
    return { code: 'HF-C017', hint: CERTIFICATE_HINT }
  }
  if (NETWORK.has(code)) return { code: phase === 'connect' ? 'HF-C001' : 'HF-R002' }
  return undefined
}

const CERTIFICATE = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
])

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
  'EPIPE',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ERROR',
  'PROTOCOL_UNEXPECTED_PACKET',
])

function each(numbers: readonly number[], known: Known): [number, Known][] {
  return numbers.map((number) => [number, known])
}

function facts(error: unknown): { errno: number | null; code: string | null; sqlState: string | null } {
  if (typeof error !== 'object' || error === null) return { errno: null, code: null, sqlState: null }
  const { errno, code, sqlState } = error as { errno?: unknown; code?: unknown; sqlState?: unknown }
  return {
    // Node's own errno values are negative.
    errno: typeof errno === 'number' && errno > 0 ? errno : null,
    code: typeof code === 'string' ? code : null,
    sqlState: typeof sqlState === 'string' && sqlState !== '' ? sqlState : null,
  }
}
