/** SHOW GRANTS, read far enough to answer two questions: can the account write here, and may it see this table. */

export interface Grants {
  /** Some privilege lets it change data or definitions of this database (or of everything). */
  canWrite(database: string): boolean
  /** Privileges (upper case) on everything, `*.*`. */
  readonly global: ReadonlySet<string>
}

interface Grant {
  privileges: ReadonlySet<string>
  database: string
}

const HARMLESS = new Set([
  'USAGE',
  'SELECT',
  'SHOW VIEW',
  'SHOW DATABASES',
  'PROCESS',
  'REPLICATION CLIENT',
  'BINLOG MONITOR',
  'REPLICA MONITOR',
  'SLAVE MONITOR',
  'REPLICATION SLAVE',
  'REPLICATION REPLICA',
  'SHOW CREATE ROUTINE',
  'SHOW_ROUTINE',
  'RELOAD',
  'FLUSH_TABLES',
  'FLUSH_STATUS',
  'LOCK TABLES',
  'PROXY',
  'CONNECTION_ADMIN',
  'CONNECTION ADMIN',
  'EXECUTE',
])

/** `lines` are the rows of SHOW GRANTS. Roles that are granted but not listed as grants are not followed. */
export function parseGrants(lines: readonly string[]): Grants {
  const grants = lines.map(parseLine).filter((grant) => grant !== null)
  const global = new Set(grants.filter((grant) => grant.database === '*').flatMap((grant) => [...grant.privileges]))
  return {
    global,
    canWrite: (database) =>
      grants.some(
        (grant) =>
          matches(grant.database, database) && [...grant.privileges].some((privilege) => !HARMLESS.has(privilege)),
      ),
  }
}

function parseLine(line: string): Grant | null {
  const match =
    /^GRANT (.+?) ON (?:(?:TABLE|FUNCTION|PROCEDURE|PACKAGE|PACKAGE BODY) )?(`(?:[^`]|``)+`|\*|'[^']*'@'[^']*')(?:\.|\s)/i.exec(
      line,
    )
  if (!match) return null
  const [, privileges = '', object = ''] = match
  return {
    // Column lists in parentheses hold commas.
    privileges: new Set(
      privileges
        .replaceAll(/\([^)]*\)/g, '')
        .split(',')
        .map((privilege) => privilege.trim().toUpperCase()),
    ),
    database: object === '*' ? '*' : object.replaceAll(/^`|`$/g, '').replaceAll('``', '`'),
  }
}

/** Database names in grants are patterns with `_` and `%`, a backslash takes their meaning away. */
function matches(pattern: string, database: string): boolean {
  if (pattern === '*') return true
  const source = pattern.replaceAll(/\\([_%])|([_%])|([^\w])/g, (all, escaped?: string, wild?: string) => {
    if (escaped !== undefined) return escaped
    if (wild === '_') return '.'
    if (wild === '%') return '.*'
    return `\\${all}`
  })
  return new RegExp(`^${source}$`, 'is').test(database)
}
