// Fresh databases on the shared servers: random name, an ordinary account, gone when the test passed.
import { randomBytes } from 'node:crypto'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { MysqlName, PostgresName } from './catalogue.ts'
import { serverUrl } from './index.ts'
import { environmentName } from './start.ts'

export interface FreshPg {
  readonly database: string
  /** The owner's URL: not a superuser, logs in with a password. */
  readonly url: string
  /** The superuser's URL of the same database. */
  readonly superUrl: string
  readonly owner: { readonly name: string; readonly password: string }
  /** Drops database and role. Called by itself when the database was made inside of a test that passes. */
  drop(): Promise<void>
}

export interface FreshMysql {
  readonly database: string
  /** The reader's URL: SELECT and SHOW VIEW on this database only. */
  readonly url: string
  /** The URL of root. */
  readonly adminUrl: string
  readonly reader: { readonly name: string; readonly password: string }
  drop(): Promise<void>
}

/** An empty database; on TimescaleDB servers with the extension created. */
export async function freshPg(name: PostgresName): Promise<FreshPg> {
  const server = await serverUrl(name)
  const database = `hf_${randomBytes(6).toString('hex')}`
  const owner = { name: `${database}_owner`, password: randomBytes(9).toString('base64url') }
  await pgQueries(server, [
    `create role ${owner.name} login password '${owner.password}'`,
    `create database ${database} owner ${owner.name}`,
  ])
  const superUrl = urlWith(server, database)
  if (name.startsWith('ts')) await pgQueries(superUrl, ['create extension if not exists timescaledb'])
  const drop = (): Promise<void> =>
    pgQueries(server, [`drop database if exists ${database} with (force)`, `drop role if exists ${owner.name}`])
  dropAfterTest(name, superUrl, drop)
  return { database, url: urlWith(server, database, owner), superUrl, owner, drop }
}

/** An empty database with an account that can only read it. */
export async function freshMysql(name: MysqlName): Promise<FreshMysql> {
  const server = await serverUrl(name)
  const database = `hf_${randomBytes(6).toString('hex')}`
  const reader = { name: `${database}_reader`, password: randomBytes(9).toString('base64url') }
  const account = `'${reader.name}'@'%'`
  await mysqlQueries(server, [
    `create database ${database} character set utf8mb4`,
    `create user ${account} identified by '${reader.password}'`,
    `grant select, show view on ${database}.* to ${account}`,
  ])
  const adminUrl = urlWith(server, database)
  const drop = (): Promise<void> =>
    mysqlQueries(server, [`drop database if exists ${database}`, `drop user if exists ${account}`])
  dropAfterTest(name, adminUrl, drop)
  return { database, url: urlWith(server, database, reader), adminUrl, reader, drop }
}

/**
 * After a failure the database stays for inspection; only servers named in the environment outlive the run, so only
 * those are mentioned. Outside of a test (in `beforeAll`) the caller has to drop.
 */
function dropAfterTest(name: PostgresName | MysqlName, url: string, drop: () => Promise<void>): void {
  try {
    onTestFinished(async ({ task }) => {
      if (task.result?.state !== 'fail') return drop()
      if (process.env[environmentName(name)]) process.stderr.write(`kept for "${task.name}": ${url}\n`)
    })
  } catch {
    // Not in a test.
  }
}

function urlWith(server: string, database: string, account?: { name: string; password: string }): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  if (account) Object.assign(url, { username: account.name, password: account.password })
  return url.href
}

async function pgQueries(url: string, queries: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const query of queries) await client.query(query)
  } finally {
    await client.end()
  }
}

async function mysqlQueries(url: string, queries: readonly string[]): Promise<void> {
  const connection = await mysql.createConnection({ uri: url })
  try {
    for (const query of queries) await connection.query(query)
  } finally {
    await connection.end()
  }
}
