/** Who writes: rights for the application's role, and writers that are declared by hand. */
import { WRITER_FUNCTIONS } from '../control/migrations/0004.ts'
import { HyperferryError } from '../errors.ts'
import type { Engine, Plan } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { ident, qualified } from '../target/sql.ts'
import { transaction } from '../target/transaction.ts'

/** Statements that give an application's role what the library needs, and nothing more. Repeating them changes nothing. */
export function grantSql(plan: Plan, role: string): string[] {
  const to = ident(role)
  const { schema } = plan.target
  const series = plan.tables.filter(({ kind }) => kind === 'timeseries')
  const identities = series.flatMap((table) =>
    table.columns.filter(({ identity }) => identity).map((column) => ({ table, column })),
  )
  return [
    `grant usage on schema hyperferry, ${ident(schema)} to ${to}`,
    ...WRITER_FUNCTIONS.map((one) => `grant execute on function hyperferry.${one} to ${to}`),
    ...series.map((table) => `grant select, insert on ${qualified(schema, table.name)} to ${to}`),
    ...identities.map(
      ({ table, column }) =>
        `do $do$ begin execute format('grant usage on sequence %s to %I', pg_get_serial_sequence(${text(qualified(schema, table.name))}, ${text(column.name)}), ${text(role)}); end $do$`,
    ),
  ]
}

/** What the owner of the source runs there: the tool never writes to it. */
export function markerSql(engine: Engine, role: string): string[] {
  if (engine === 'sqlite') {
    return [
      'create table if not exists hyperferry_op (journal text not null, seq integer not null, ids text, primary key (journal, seq)) without rowid',
    ]
  }
  return [
    'create table if not exists hyperferry_op (journal char(36) character set ascii not null, seq bigint not null, ids mediumtext character set ascii, primary key (journal, seq)) engine = InnoDB',
    `grant select, insert, update, delete on hyperferry_op to '${role.replaceAll("'", "''")}'@'%'`,
  ]
}

/** Runs the grants. Throws what the target throws: HF-C013 when this role may not give them, HF-S012 for a role that is not there. */
export async function grant(session: Session, plan: Plan, role: string): Promise<void> {
  await transaction(session, async () => {
    for (const sql of grantSql(plan, role)) await session.query(sql)
  })
}

/** Registers a writer that does not use the library; a second time it only gets the new lateness. */
export async function declare(
  session: Session,
  migrationId: number,
  writer: { name: string; maxLateness: string | null },
): Promise<void> {
  await transaction(session, async () => {
    const facts = JSON.stringify(writer.maxLateness === null ? {} : { maxLateness: writer.maxLateness })
    const { rowCount } = await session.query(
      `update hyperferry.writer set facts = $3 where migration_id = $1 and name = $2 and kind = 'external' and closed is null`,
      [migrationId, writer.name, facts],
    )
    if (rowCount === 0) {
      await session.query(
        `insert into hyperferry.writer (migration_id, name, kind, facts) values ($1, $2, 'external', $3)`,
        [migrationId, writer.name, facts],
      )
    }
  })
}

/** An external writer has ended. Throws HF-W011 when none of this name is open. */
export async function stopped(session: Session, migrationId: number, name: string): Promise<void> {
  const { rowCount } = await session.query(
    `update hyperferry.writer set closed = 'stopped', closed_at = clock_timestamp()
     where migration_id = $1 and name = $2 and kind = 'external' and closed is null`,
    [migrationId, name],
  )
  if (rowCount === 0) throw new HyperferryError('HF-W011', { what: `no external writer "${name}" is declared` })
}

/**
 * Gives the journal of a silent writer up. Its records that were not delivered may be in the source alone: that is kept as a suspect window, which only a
 * verify of everything closes. Throws HF-W011 when there is none, HF-W010 when it is alive.
 */
export async function declareLost(session: Session, migrationId: number, name: string): Promise<number> {
  return transaction(session, async () => {
    const { rows } = await session.query<{ id: string; alive: boolean; heartbeat: string }>(
      `select id::text, heartbeat_at > clock_timestamp() - interval '15 seconds' as alive, heartbeat_at::text as heartbeat
       from hyperferry.writer where migration_id = $1 and name = $2 and kind = 'library' and closed is null for update`,
      [migrationId, name],
    )
    if (rows.length === 0) throw new HyperferryError('HF-W011', { what: `no open writer "${name}"` })
    if (rows.some(({ alive }) => alive)) {
      throw new HyperferryError('HF-W010', {
        what: `writer "${name}" is alive`,
        hint: 'Stop it first; it delivers what it holds before it ends.',
      })
    }
    for (const { id, heartbeat } of rows) {
      await session.query(`update hyperferry.writer set closed = 'lost', closed_at = clock_timestamp() where id = $1`, [
        id,
      ])
      await session.query(
        `insert into hyperferry.suspect_window (migration_id, writer_id, from_at, to_at, reason)
         values ($1, $2, $3::timestamptz - interval '1 minute', clock_timestamp(), 'its journal was declared lost')`,
        [migrationId, id, heartbeat],
      )
    }
    return rows.length
  })
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
