/** First contact: is there a PostgreSQL behind the address, and does it speak TLS? Told by its answer to SSLRequest, before the driver starts. */
import { connect } from 'node:net'
import { codeOf, HyperferryError, messageOf } from '../errors.ts'
import type { Address } from './address.ts'
import { interrupted } from './errors.ts'

const PATIENCE_MS = 10_000
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47)
const YES = 0x53
const NO = 0x4e

/**
 * Whether to use TLS for this address. Throws HF-C010 (nobody there), HF-C006 (somebody else there), HF-C017 (TLS required and not
 * offered), HF-B022 (aborted).
 */
export async function knock(address: Address, signal: AbortSignal): Promise<boolean> {
  if (address.host.startsWith('/')) return false
  if (signal.aborted) throw interrupted('connecting to the target')
  const answer = await firstBytes(address, signal)
  // Exactly one byte: an SSH server greets with `SSH-2.0-…`, and bytes after the S would be an injection.
  if (answer.length === 1 && answer[0] === YES) return address.tls !== 'off'
  if (answer.length === 1 && answer[0] === NO) {
    if (address.tls !== 'require') return false
    throw new HyperferryError('HF-C017', { what: `the target at ${address.label} does not offer TLS` })
  }
  throw new HyperferryError('HF-C006', {
    what: `what answers at ${address.label} is not PostgreSQL`,
    hint: 'Check host and port of the target URL; PostgreSQL usually listens on 5432.',
  })
}

function firstBytes(address: Address, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port })
    const stop = (): void => finish(interrupted('connecting to the target'))
    const finish = (outcome: Uint8Array | Error): void => {
      signal.removeEventListener('abort', stop)
      socket.removeAllListeners().on('error', () => {})
      socket.destroy()
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    }
    signal.addEventListener('abort', stop)
    socket.setTimeout(PATIENCE_MS, () => finish(unreachable(address, `no answer within ${PATIENCE_MS / 1000} s`, null)))
    socket.once('connect', () => socket.write(SSL_REQUEST))
    socket.once('data', (bytes) => finish(bytes))
    socket.once('error', (error) => finish(unreachable(address, messageOf(error), codeOf(error))))
    // Closed without a word: a load balancer without a server behind it, or a server that is starting or out of processes.
    socket.once('close', () => finish(unreachable(address, 'the connection was closed at once', null)))
  })
}

function unreachable(address: Address, why: string, code: string | null): HyperferryError {
  const facts = { what: `the target at ${address.label} cannot be reached: ${why}` }
  return new HyperferryError('HF-C010', code === null ? facts : { ...facts, sqlstate: code })
}
