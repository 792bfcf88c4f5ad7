// Starts shared servers on demand for the test files of a run, and ends them with it.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { howToInstall, serverNames, type ServerName } from './catalogue.ts'
import { startServer, type Server } from './start.ts'

/** Test files ask at the address it provides, so a run of one file starts only the servers that file needs. */
// eslint-disable-next-line import/no-default-export -- what vitest asks for
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const servers = new Map<ServerName, Promise<Server>>()
  const start = (name: ServerName): Promise<Server> => {
    const server = servers.get(name) ?? startLoudly(name)
    servers.set(name, server)
    return server
  }
  const secret = randomUUID()
  const desk = createServer((request, response) => {
    // A connection kept alive could be closed here in the moment it is used again there.
    response.setHeader('connection', 'close')
    const name = serverNames.find((each) => request.url === `/${secret}/${each}`)
    const url = name ? start(name).then((server) => server.url) : Promise.reject(new Error('no such server'))
    url.then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(503).end(String(error)),
    )
  })
  await new Promise<void>((done) => desk.listen(0, '127.0.0.1', done))
  provide('serverDesk', `http://127.0.0.1:${(desk.address() as AddressInfo).port}/${secret}`)
  return async () => {
    desk.closeAllConnections()
    desk.close()
    const started = await Promise.allSettled(servers.values())
    await Promise.all(started.flatMap((each) => (each.status === 'fulfilled' ? [each.value.stop()] : [])))
  }
}

async function startLoudly(name: ServerName): Promise<Server> {
  try {
    return await startServer(name)
  } catch (error) {
    const [reason] = String(error).split('\n')
    const advice = `Install: ${howToInstall[name]}`
    process.stderr.write(`\nSERVER MISSING: ${name} cannot start (${reason}), its tests do not run. ${advice}\n`)
    throw error
  }
}
