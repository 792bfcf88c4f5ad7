// A wire that can be cut: a TCP relay between the tool and a server.
import { createServer, connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  /** The server's URL with the relay's address in it. */
  url(of: string): string
  /** Cuts both ends of every connection there is. */
  cutAll(): void
  /** How often `onRequest` said to cut. */
  readonly cuts: number
}

export interface RelayRules {
  /** Looks at what goes to the server. `swallow`: let it through, then keep the answer back and cut the wire when it comes. */
  onRequest?: (chunk: Buffer) => 'pass' | 'swallow'
  /** Looks at what comes back. */
  onAnswer?: (chunk: Buffer) => 'pass' | 'cut'
}

/** Rules for each connection by itself, or for all together. */
export type Rules = RelayRules | (() => RelayRules)

/** Listens on a free port of 127.0.0.1 and relays to the server of `serverUrl`. */
export async function relayTo(serverUrl: string, given: Rules = {}): Promise<Relay> {
  const to = new URL(serverUrl)
  const open = new Set<Socket>()
  let cuts = 0
  const listener = createServer((client) => {
    const server = connect(Number(to.port), to.hostname)
    const rules = typeof given === 'function' ? given() : given
    let swallowing = false
    const cut = (): void => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      open.add(socket)
      socket.on('error', cut)
      socket.on('close', () => {
        open.delete(socket)
        cut()
      })
    }
    client.on('data', (chunk: Buffer) => {
      if (rules.onRequest?.(chunk) === 'swallow') swallowing = true
      server.write(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      if (!swallowing && rules.onAnswer?.(chunk) !== 'cut') {
        client.write(chunk)
        return
      }
      cuts += 1
      cut()
    })
  })
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
  const { port } = listener.address() as AddressInfo
  const cutAll = (): void => open.forEach((socket) => socket.destroy())
  return {
    url(of) {
      const url = new URL(of)
      url.port = String(port)
      return url.href
    },
    cutAll,
    get cuts() {
      return cuts
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => listener.close(done))
      cutAll()
      await closed
    },
  }
}

/** Swallows the answer to every `nth` COMMIT of a transaction that holds a receipt (or whatever statement is meant): the server has committed, the tool cannot know. */
export function losingReceipts(nth: number, statement = 'insert into hyperferry.receipt'): () => RelayRules {
  let commits = 0
  return () => {
    let receipt = false
    return {
      onRequest(chunk) {
        if (chunk.includes(statement)) receipt = true
        if (!receipt || !chunk.includes('commit\0')) return 'pass'
        receipt = false
        commits += 1
        return commits % nth === 0 ? 'swallow' : 'pass'
      },
    }
  }
}
