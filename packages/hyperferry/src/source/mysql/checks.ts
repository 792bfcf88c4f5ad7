/** Step 1 for this source: what would make reading wrong, slow or impossible. Nothing is changed. */
import { HyperferryError } from '../../errors.ts'
import type { Check } from '../../model.ts'
import { ident } from './quote.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'
import type { Address } from './url.ts'

export interface CheckContext {
  session: Session
  server: Server
  address: Address
  /** Connections the tool may open. */
  connections: number
}

export async function runChecks(context: CheckContext): Promise<Check[]> {
  return [
    version(context),
    account(context),
    await tables(context),
    await encryption(context),
    await replica(context),
    await engines(context),
    await packet(context),
    await room(context),
    await names(context),
  ]
}

type Facts = Pick<Check, 'code' | 'ok' | 'message'> & Partial<Check>

function check(facts: Facts): Check {
  return { severity: facts.ok ? 'info' : 'warn', hint: null, ...facts }
}

function version({ server }: CheckContext): Check {
  return check({ code: 'HF-C005', ok: true, message: `${server.info.product} ${server.info.version}` })
}

function account({ server }: CheckContext): Check {
  const { readOnly } = server.info
  const code = 'HF-C030'
  if (readOnly === true) return check({ code, ok: true, message: 'the account can only read' })
  return check({
    code,
    ok: false,
    message: readOnly === null ? 'the privileges of the account are not known' : 'the account can write',
    hint: 'Hyperferry never writes to the source; an account with SELECT and SHOW VIEW alone makes sure of it.',
  })
}

async function tables({ session }: CheckContext): Promise<Check> {
  const code = 'HF-C004'
  const found = await session.query(
    "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
  )
  const refused: string[] = []
  for (const [name] of found) {
    try {
      await session.query(`SELECT * FROM ${ident(name ?? '')} LIMIT 0`)
    } catch (error) {
      if (!(error instanceof HyperferryError) || error.code !== 'HF-C004') throw error
      refused.push(name ?? '')
    }
  }
  if (refused.length === 0)
    return check({ code, ok: true, message: `SELECT is granted on all ${found.length} tables seen` })
  return check({
    code,
    ok: false,
    severity: 'error',
    message: `SELECT is missing on ${refused.join(', ')}`,
    hint: 'GRANT SELECT ON the database to the account, or exclude the tables.',
  })
}

async function encryption({ session, address }: CheckContext): Promise<Check> {
  const status = await session.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
  const cipher = status[0]?.[1] ?? ''
  const code = 'HF-C017'
  if (cipher !== '') return check({ code, ok: true, message: `encrypted (${cipher})` })
  if (address.loopback) return check({ code, ok: true, message: 'not encrypted; the server is on this machine' })
  return check({
    code,
    ok: false,
    message: 'not encrypted, as ssl-mode=DISABLED asks for',
    hint: 'Remove ssl-mode=DISABLED unless the network is trusted.',
  })
}

async function replica({ session, server }: CheckContext): Promise<Check> {
  const code = 'HF-C031'
  const modern = server.mariadb || server.version >= 8004
  let status: Map<string, string | null> | null
  try {
    status = await session.record(modern ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS')
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.code !== 'HF-C004') throw error
    return check({
      code,
      ok: true,
      message: 'whether the server is a replica is not known',
      hint: 'GRANT REPLICATION CLIENT (MariaDB: REPLICA MONITOR) to the account to find out.',
    })
  }
  if (status === null) return check({ code, ok: true, message: 'not a replica' })
  const lag = status.get('seconds_behind_source') ?? status.get('seconds_behind_master') ?? null
  return check({
    code,
    ok: false,
    message: lag === null ? 'a replica whose replication does not run' : `a replica, ${lag} s behind`,
    hint: 'Rows that have not arrived here yet are not copied: read the primary, or stop its writers and wait until the lag is zero.',
  })
}

async function engines({ session }: CheckContext): Promise<Check> {
  const code = 'HF-C032'
  const rows = await session.query(
    `SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'
       AND ENGINE NOT IN ('InnoDB', 'ROCKSDB', 'TokuDB', 'ndbcluster')`,
  )
  if (rows.length === 0) return check({ code, ok: true, message: 'every table can be read as of one instant' })
  return check({
    code,
    ok: false,
    message: `no snapshots in ${rows.map(([name, engine]) => `${name} (${engine})`).join(', ')}`,
    hint: 'Stop the writers while these are copied, or convert them to InnoDB.',
  })
}

const SMALL_PACKET = 16 * 1024 * 1024

async function packet({ session }: CheckContext): Promise<Check> {
  const [[bytes] = []] = await session.query('SELECT @@max_allowed_packet')
  const size = Number(bytes ?? 0)
  const [[wide] = []] = await session.query(
    `SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
       AND DATA_TYPE IN ('mediumblob', 'longblob', 'mediumtext', 'longtext', 'json')`,
  )
  const ok = size >= SMALL_PACKET || wide === '0'
  return check({
    code: 'HF-C033',
    ok,
    message: `max_allowed_packet ${size}`,
    hint: ok
      ? null
      : 'Larger values cannot be read; raise it on the server: SET GLOBAL max_allowed_packet = 1073741824.',
  })
}

async function room({ session, connections }: CheckContext): Promise<Check> {
  const [[most] = []] = await session.query('SELECT @@max_connections')
  const status = await session.query("SHOW GLOBAL STATUS LIKE 'Threads_connected'")
  const free = Number(most ?? 0) - Number(status[0]?.[1] ?? 0)
  const ok = free >= connections
  return check({
    code: 'HF-C034',
    ok,
    message: `${free} of ${most} connections are free, up to ${connections} are used`,
    hint: ok ? null : 'Use fewer workers, or raise max_connections.',
  })
}

async function names({ session }: CheckContext): Promise<Check> {
  const [[lower, mode] = []] = await session.query('SELECT @@lower_case_table_names, @@GLOBAL.sql_mode')
  return check({
    code: 'HF-C035',
    ok: true,
    message: `lower_case_table_names ${lower}, sql_mode of the server ${mode === '' ? 'empty' : mode}`,
  })
}
