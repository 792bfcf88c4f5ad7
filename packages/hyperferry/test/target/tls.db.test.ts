// A proxy that speaks TLS as PostgreSQL does, in front of a server that has none.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { openTarget } from '../../src/target/connect.ts'
import { opened } from '../control/claimed.ts'

const never = new AbortController().signal

test('certificates are verified as far as sslmode asks', async () => {
  const { database } = await opened('pg15')
  const { folder, port } = await tlsProxy(database.url)
  const certificate = encodeURIComponent(join(folder, 'cert.pem'))
  const attempt = async (host: string, query: string): Promise<boolean> => {
    const url = new URL(database.url)
    url.host = `${host}:${port}`
    url.search = query
    const target = await openTarget(url.href, { connections: 1, signal: never })
    await target.query('select 1')
    await target.close()
    return true
  }
  expect(await attempt('127.0.0.1', '')).toBe(true)
  expect(await attempt('127.0.0.1', 'sslmode=require')).toBe(true)
  expect(await attempt('localhost', `sslmode=verify-full&sslrootcert=${certificate}`)).toBe(true)
  expect(await attempt('127.0.0.1', `sslmode=verify-ca&sslrootcert=${certificate}`)).toBe(true)
  const refused = { code: 'HF-C017', retry: 'refused' }
  await expect(attempt('localhost', 'sslmode=verify-full')).rejects.toMatchObject(refused)
  await expect(attempt('127.0.0.1', `sslmode=verify-full&sslrootcert=${certificate}`)).rejects.toMatchObject(refused)
})

test('plain text is used only on this machine, or when it is asked for by name', async () => {
  const { database } = await opened('pg15')
  const { port, plain } = await tlsProxy(database.url)
  const url = new URL(database.url)
  url.port = String(port)
  const target = await openTarget(url.href, { connections: 1, signal: never })
  await target.close()
  expect(plain()).toBe(0)
  url.search = 'sslmode=disable'
  await (await openTarget(url.href, { connections: 1, signal: never })).close()
  expect(plain()).toBe(1)
})

async function tlsProxy(url: string): Promise<{ folder: string; port: number; plain: () => number }> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject], { stdio: 'ignore' })
  const [key, cert] = [readFileSync(join(folder, 'key.pem')), readFileSync(join(folder, 'cert.pem'))]
  const upstream = new URL(url)
  let plain = 0
  const join_ = (client: Socket): void => {
    const server = connect(Number(upstream.port), upstream.hostname)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  }
  const listener = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (first) => {
      if (first.length === 8 && first.readInt32BE(4) === 80_877_103) {
        socket.write('S')
        return join_(new TLSSocket(socket, { isServer: true, key, cert }))
      }
      plain += 1
      socket.unshift(first)
      join_(socket)
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void listener.close())
  return { folder, port: (listener.address() as AddressInfo).port, plain: () => plain }
}
