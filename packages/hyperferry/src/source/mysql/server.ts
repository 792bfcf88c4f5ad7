/** What kind of server this is: asked once, right after connecting. */
import type { SourceInfo } from '../../model.ts'
import { HyperferryError } from '../../errors.ts'
import { parseGrants } from './grants.ts'
import type { Session } from './session.ts'

export interface Server {
  mariadb: boolean
  /** `8004` for 8.4, `10011` for 10.11. */
  version: number
  database: string
  info: SourceInfo
}

const OLDEST_MYSQL = 5007
const OLDEST_MARIADB = 10005

/** Throws HF-C005 for servers too old or unknown. */
export async function describeServer(session: Session, database: string): Promise<Server> {
  const [[version, comment, host, port, id] = []] = await session.query(
    'SELECT VERSION(), @@version_comment, @@hostname, @@port, @@server_id',
  )
  const mariadb = /mariadb/i.test(`${version} ${comment}`)
  const number = versionNumber(version ?? '', mariadb)
  if (number < (mariadb ? OLDEST_MARIADB : OLDEST_MYSQL)) {
    throw new HyperferryError('HF-C005', {
      what: `the source is ${mariadb ? 'MariaDB' : 'MySQL'} ${version}`,
      hint: 'MySQL 5.7 or newer, MariaDB 10.5 or newer.',
    })
  }
  const named = await session.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid')")
  const server = named[0]?.[1] ?? `${host}:${port}:${id}`
  const [[bytes] = [null]] = await session.query(
    'SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
  )
  return {
    mariadb,
    version: number,
    database,
    info: {
      engine: 'mysql',
      product: mariadb ? 'MariaDB' : 'MySQL',
      version: /\d+(\.\d+)*/.exec(plain(version ?? ''))?.[0] ?? version ?? '',
      database,
      identity: `${mariadb ? 'mariadb' : 'mysql'}:${server}/${database}`,
      readOnly: await isReadOnly(session, database),
      bytes: bytes === null || bytes === undefined ? null : Number(bytes),
    },
  }
}

/** null when the server does not tell. */
async function isReadOnly(session: Session, database: string): Promise<boolean | null> {
  try {
    const grants = await session.query('SHOW GRANTS')
    return !parseGrants(grants.map((row) => row[0] ?? '')).canWrite(database)
  } catch (error) {
    if (error instanceof HyperferryError && error.code === 'HF-C004') return null
    throw error
  }
}

/** MariaDB may put `5.5.5-` before its version for old replicas. */
function plain(version: string): string {
  return version.replace(/^5\.5\.5-(?=1\d\.)/, '')
}

function versionNumber(text: string, mariadb: boolean): number {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(mariadb ? plain(text) : text) ?? []
  return Number(major) * 1000 + Number(minor)
}
