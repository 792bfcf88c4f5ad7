/** Creates the control schema and brings an older one up to date. */
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'
import { ident } from '../target/sql.ts'
import { transaction } from '../target/transaction.ts'
import { version1 } from './migrations/0001.ts'
import { version2 } from './migrations/0002.ts'
import { version3 } from './migrations/0003.ts'
import { version4 } from './migrations/0004.ts'
import { version5 } from './migrations/0005.ts'
import { version6 } from './migrations/0006.ts'
import { version7 } from './migrations/0007.ts'
import { version8 } from './migrations/0008.ts'
import { version9 } from './migrations/0009.ts'
import { version10 } from './migrations/0010.ts'

const migrations: readonly string[] = [
  version1,
  version2,
  version3,
  version4,
  version5,
  version6,
  version7,
  version8,
  version9,
  version10,
]

/** Version of the control schema this tool writes. */
export const CONTROL_VERSION: number = migrations.length

/** Keeps two tools from creating the schema at the same time; any constant will do. */
const INSTALL_LOCK = 0x48_46_30_31

/**
 * Creates or upgrades schema `hyperferry`, in one transaction; does nothing when it is up to date.
 * Throws HF-C013 with the GRANT that is missing, HF-B013 when a newer tool has been here.
 */
export async function installControl(session: Session): Promise<{ version: number; created: boolean }> {
  return transaction(session, async () => {
    await session.query('select pg_advisory_xact_lock($1)', [INSTALL_LOCK])
    const present = await controlVersion(session)
    if (present === CONTROL_VERSION) return { version: present, created: false }
    if (present === null) await createSchema(session)
    for (const [index, sql] of migrations.entries()) {
      if (index < (present ?? 0)) continue
      await session.query(sql)
      await session.query('insert into hyperferry.schema_version (version) values ($1)', [index + 1])
    }
    return { version: CONTROL_VERSION, created: present === null }
  })
}

/** Version of the control schema in the target; null when there is none. Throws HF-B013 when it is newer than this tool. */
export async function controlVersion(session: Session): Promise<number | null> {
  if (!(await hasControlTable(session, 'schema_version'))) return null
  const { rows } = await session.query<{ version: number | null }>(
    'select max(version) as version from hyperferry.schema_version',
  )
  const version = rows[0]?.version ?? 0
  if (version > CONTROL_VERSION) {
    throw new HyperferryError('HF-B013', {
      what: `schema hyperferry of the target has version ${version}; this tool knows ${CONTROL_VERSION}`,
    })
  }
  return version
}

/** Whether the control schema is there and has this table: an older one may lack it. */
export async function hasControlTable(session: Session, name: string): Promise<boolean> {
  const { rows } = await session.query<{ present: boolean }>(
    // Not to_regclass: after waiting for a lock it may answer from a stale cache, a scan of the catalog does not.
    `select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'hyperferry' and c.relname = $1) as present`,
    [name],
  )
  return rows[0]?.present === true
}

/** Like `controlVersion`, for commands that only make sense after `schema`. Throws HF-B014 when there is no control schema. */
export async function requireControl(session: Session): Promise<void> {
  if ((await controlVersion(session)) === null) {
    throw new HyperferryError('HF-B014', { what: 'the target has no schema hyperferry yet' })
  }
}

async function createSchema(session: Session): Promise<void> {
  const { rows } = await session.query<{ owned: boolean | null; may: boolean; role: string; database: string }>(
    `select (select pg_has_role(nspowner, 'USAGE') from pg_namespace where nspname = 'hyperferry') as owned,
       has_database_privilege(current_database(), 'CREATE') as may, current_user::text as role,
       current_database()::text as database`,
  )
  const facts = rows[0]
  if (facts === undefined) throw new HyperferryError('HF-X001', { what: 'no answer about privileges' })
  if (facts.owned === null && !facts.may) {
    throw new HyperferryError('HF-C013', {
      what: `role ${facts.role} may not create schema hyperferry in database ${facts.database}`,
      hint: `As its owner run: GRANT CREATE ON DATABASE ${ident(facts.database)} TO ${ident(facts.role)};  or: CREATE SCHEMA hyperferry AUTHORIZATION ${ident(facts.role)};`,
    })
  }
  if (facts.owned === false) {
    throw new HyperferryError('HF-C013', {
      what: `schema hyperferry belongs to another role than ${facts.role}`,
      hint: `As its owner run: ALTER SCHEMA hyperferry OWNER TO ${ident(facts.role)};`,
    })
  }
  if (facts.owned === null) await session.query('create schema hyperferry')
  await session.query(`
    comment on schema hyperferry is 'What hyperferry remembers of its migrations. Drop it when you need them no more.';
    create table hyperferry.schema_version (
      version int primary key, applied_at timestamptz not null default clock_timestamp())`)
}
