// MariaDB and MySQL as test servers with the settings they have out of the box: sql_mode and time zone above all.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import type { Recipe } from './server.ts'
import { asUser, runProgram } from './system.ts'

const user = 'mysql'

/** Debian's MariaDB, installed on this machine. */
export function mariadbRecipe(durable: boolean): Recipe {
  return {
    name: 'mariadb',
    user,
    quit: 'SIGTERM',
    async prepare(home) {
      await writeFile(join(home, 'init.sql'), rootOverTcp)
      const install = ['mariadb-install-db', '--no-defaults', `--datadir=${home}/data`, '--skip-test-db']
      const root = ['--auth-root-authentication-method=normal', '--skip-name-resolve']
      await runProgram(await asUser(user, [...install, ...root]), home)
    },
    command: (home, port) => [
      '/usr/sbin/mariadbd',
      '--no-defaults',
      ...common(home, port, durable),
      '--log-bin=binlog',
      '--binlog-format=ROW',
    ],
    url: (port) => `mariadb://root@127.0.0.1:${port}/`,
    ping,
  }
}

/** A MySQL unpacked below `root`. */
export function mysqlRecipe(root: string, durable: boolean): Recipe {
  const program = [
    join(root, 'usr/sbin/mysqld'),
    '--no-defaults',
    `--basedir=${root}/usr`,
    `--lc-messages-dir=${root}/usr/share/mysql`,
    `--plugin-dir=${root}/usr/lib/mysql/plugin`,
    `--character-sets-dir=${root}/usr/share/mysql/charsets`,
    '--secure-file-priv=',
  ]
  return {
    name: 'mysql',
    user,
    quit: 'SIGTERM',
    async prepare(home) {
      await writeFile(join(home, 'init.sql'), rootOverTcp)
      const initialize = ['--initialize-insecure', `--datadir=${home}/data`, '--innodb-redo-log-capacity=16M']
      await runProgram(await asUser(user, [...program, ...initialize]), home)
    },
    command: (home, port) => [
      ...program,
      ...common(home, port, durable),
      '--mysqlx=0',
      '--performance-schema=OFF',
      '--innodb-redo-log-capacity=32M',
    ],
    url: (port) => `mysql://root@127.0.0.1:${port}/`,
    ping,
  }
}

function common(home: string, port: number, durable: boolean): string[] {
  const fast = ['--innodb-flush-log-at-trx-commit=0', '--sync-binlog=0', '--innodb-flush-method=nosync']
  return [
    `--datadir=${home}/data`,
    // A MariaDB that starts deletes the temporary tables of every other one with the same tmpdir.
    `--tmpdir=${home}`,
    `--socket=${home}/sock`,
    `--pid-file=${home}/data/server.pid`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--server-id=1',
    '--innodb-buffer-pool-size=64M',
    `--init-file=${home}/init.sql`,
    ...(durable ? [] : fast),
  ]
}

// root@localhost alone depends on how the machine resolves 127.0.0.1.
const rootOverTcp = `CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
`

async function ping(url: string): Promise<void> {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: 5000 })
  try {
    await connection.query('select 1')
  } finally {
    connection.destroy()
  }
}
