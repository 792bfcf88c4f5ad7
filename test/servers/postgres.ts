// PostgreSQL as a test server, with or without TimescaleDB: `postgres` needs no password, everybody else does.
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { PostgresName } from './catalogue.ts'
import type { Recipe } from './server.ts'
import { asUser, runProgram } from './system.ts'

const user = 'postgres'

export interface PostgresOptions {
  readonly name: PostgresName
  /** Folder with initdb and postgres. */
  readonly bin: string
  readonly timescale: boolean
  /** Survives `kill9` with its data; slower. */
  readonly durable: boolean
}

export function postgresRecipe({ name, bin, timescale, durable }: PostgresOptions): Recipe {
  return {
    name,
    user,
    quit: 'SIGINT',
    async prepare(home) {
      const initdb = [join(bin, 'initdb'), '-D', join(home, 'data'), '-U', user, '-A', 'trust', '--no-sync']
      await runProgram(await asUser(user, [...initdb, '-E', 'UTF8', '--locale=C.UTF-8']), home)
      await appendFile(join(home, 'data/postgresql.conf'), settings(timescale, durable))
      await writeFile(join(home, 'data/pg_hba.conf'), access)
    },
    command: (home, port) => [join(bin, 'postgres'), '-D', join(home, 'data'), '-p', String(port)],
    url: (port) => `postgres://${user}@127.0.0.1:${port}/postgres`,
    async ping(url) {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
      // A server that dies during the handshake reports it twice; the rejection below is enough.
      client.on('error', () => {})
      try {
        await client.connect()
        await client.query('select 1')
      } finally {
        await client.end().catch(() => {})
      }
    },
  }
}

const access = `host all ${user} 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
`

function settings(timescale: boolean, durable: boolean): string {
  const lines = ["listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", 'jit = off', 'max_connections = 200']
  if (!durable) lines.push('fsync = off', 'full_page_writes = off', 'synchronous_commit = off')
  if (timescale) {
    // Every database with the extension occupies one background worker, and tests make many databases.
    lines.push("shared_preload_libraries = 'timescaledb'", 'timescaledb.telemetry_level = off')
    lines.push(
      'timescaledb.max_background_workers = 64',
      'max_worker_processes = 96',
      'max_locks_per_transaction = 256',
    )
  }
  return `\n${lines.join('\n')}\n`
}
