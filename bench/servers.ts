// The server that is loaded into, and what is said of it and of the machine beside every figure.
import { cpus, loadavg, totalmem } from 'node:os'
import { startServer } from '../test/servers/start.ts'
import type { Server } from '../test/servers/start.ts'
import { sql } from './target.ts'

/** The community edition where it is; else the other one, for what it can do. Memory as a server for such data has. */
export async function targetServer(): Promise<Server> {
  const server = await startServer('tsl', { durable: true }).catch(() => startServer('ts-2.19', { durable: true }))
  const settings = {
    shared_buffers: '2GB',
    max_wal_size: '8GB',
    checkpoint_timeout: '30min',
    maintenance_work_mem: '512MB',
  }
  for (const [name, value] of Object.entries(settings)) await sql(server.url, [`alter system set ${name} = '${value}'`])
  await server.restart()
  return server
}

export async function machineOf(server: Server): Promise<Record<string, unknown>> {
  const [row] = await sql(server.url, [
    `select current_setting('server_version') as postgres, (select default_version from pg_available_extensions where name = 'timescaledb') as timescaledb`,
  ])
  return {
    node: process.version,
    ...row,
    edition: server.name === 'tsl' ? 'community' : 'apache',
    cpu: `${cpus().length} x ${cpus()[0]?.model ?? '?'}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    // What else ran in the minutes before: a figure of a busy machine is to be known as one.
    load: loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
  }
}
