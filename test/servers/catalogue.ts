// The servers of the test matrix, as data: what each one is and where it comes from.
import { cp, glob, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { debianTree } from './debian.ts'
import { mariadbRecipe, mysqlRecipe } from './mysql.ts'
import { postgresRecipe } from './postgres.ts'
import type { Recipe } from './server.ts'
import { cacheFolder, canRun, exists, runProgram } from './system.ts'

export const serverNames = ['mariadb', 'mysql', 'pg15', 'pg16', 'pg17', 'pg18', 'ts-2.19', 'ts-sid', 'tsl'] as const
export type ServerName = (typeof serverNames)[number]

/** Names of the PostgreSQL family. `tsl` is TimescaleDB's community edition, `ts-…` its Apache edition. */
export type PostgresName = Exclude<ServerName, 'mariadb' | 'mysql'>
export type MysqlName = 'mariadb' | 'mysql'

/** What to do so that a server can start here. */
export const howToInstall: Record<ServerName, string> = {
  mariadb: 'apt-get install mariadb-server-core mariadb-client-core',
  mysql: 'apt-get install patchelf (on Debian, x64)',
  pg15: 'npm ci (on Linux, x64)',
  pg16: 'npm ci (on Linux, x64)',
  pg17: 'npm ci (on Linux, x64)',
  pg18: 'npm ci (on Linux, x64)',
  'ts-2.19': 'apt-get install patchelf (on Debian, x64)',
  'ts-sid': 'apt-get install patchelf (on Debian, x64)',
  tsl: 'the community edition of TimescaleDB for any PostgreSQL of this machine, or set HYPERFERRY_TEST_TSL to a URL',
}

export async function recipeFor(name: ServerName, durable: boolean): Promise<Recipe> {
  switch (name) {
    case 'mariadb':
      return mariadbRecipe(durable)
    case 'mysql':
      return mysqlRecipe(await debianTree(mysqlTree), durable)
    case 'ts-2.19':
    case 'ts-sid': {
      const bin = join(await debianTree(timescaleTrees[name]), timescaleTrees[name].bin)
      return postgresRecipe({ name, bin, timescale: true, durable })
    }
    case 'tsl':
      return postgresRecipe({ name, bin: await findCommunityEdition(), timescale: true, durable })
    case 'pg15':
    case 'pg16':
    case 'pg17':
    case 'pg18':
      return postgresRecipe({ name, bin: await npmPostgres(name), timescale: false, durable })
  }
}

const postgresLibraries =
  'libaudit1 libc6 libcap-ng0 libcom-err2 libgcc-s1 libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3 ' +
  'libkrb5support0 libldap2 liblz4-1 libpam0g libpq5 libreadline8t64 libsasl2-2 libssl3t64 libstdc++6 libsystemd0 ' +
  'libtinfo6 libxxhash0 libzstd1 zlib1g'

const timescaleTrees = {
  'ts-2.19': timescaleTree('ts-2.19', 'trixie', 17, 'libicu76 libxml2 libcap2 liblzma5'),
  'ts-sid': timescaleTree('ts-sid', 'sid', 18, 'libicu78 libxml2-16 liburing2 libnuma1'),
}

// eslint-disable-next-line max-params -- a row of the table above
function timescaleTree(name: string, suite: string, major: number, libraries: string) {
  const bin = `usr/lib/postgresql/${major}/bin`
  const server = [`postgresql-${major}`, `postgresql-${major}-timescaledb`, `postgresql-client-${major}`]
  return {
    name,
    suite,
    bin,
    packages: [...server, ...postgresLibraries.split(' '), ...libraries.split(' ')],
    programs: ['postgres', 'initdb', 'pg_ctl', 'psql'].map((program) => join(bin, program)),
  }
}

const mysqlTree = {
  name: 'mysql',
  suite: 'sid',
  packages:
    'mysql-server-core libaio1t64 libc6 libgcc-s1 libgoogle-perftools4t64 libicu78 liblz4-1 liblzma5 libnuma1 libprotobuf-lite32t64 libssl3t64 libstdc++6 libunwind8 libxxhash0 libzstd1 zlib1g'.split(
      ' ',
    ),
  programs: ['usr/sbin/mysqld'],
}

/** PostgreSQL from node_modules, or a copy of it where the server's user can reach it. */
async function npmPostgres(name: PostgresName): Promise<string> {
  const packageFile = createRequire(import.meta.url)
    .resolve(name)
    .replace(/\/dist\/.*$/, '/package.json')
  const own = join(dirname(packageFile), 'native')
  if (await canRun('postgres', join(own, 'bin/postgres'))) return join(own, 'bin')
  const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { version: string }
  const cache = await cacheFolder()
  const copy = join(cache, `${name}-${version}`)
  if (!(await exists(copy))) {
    const work = await mkdtemp(join(cache, 'copy-'))
    await cp(own, join(work, 'native'), { recursive: true, verbatimSymlinks: true })
    await rename(join(work, 'native'), copy).catch(() => {})
    await rm(work, { recursive: true, force: true })
  }
  return join(copy, 'bin')
}

/** Programs folder of the PostgreSQL that has TimescaleDB's community module; the highest version if several do. */
async function findCommunityEdition(): Promise<string> {
  const homes = '/usr/{lib/postgresql/*,pgsql-*,local/pgsql,local/postgresql,local}/bin/pg_config'
  const configs = (await Array.fromAsync(glob(homes))).toSorted().toReversed()
  for (const config of [process.env['HYPERFERRY_PG_CONFIG'], 'pg_config', ...configs]) {
    const folder = config && (await runProgram([config, '--bindir', '--pkglibdir']).catch(() => ''))
    const [bin, libraries] = folder ? folder.trim().split('\n') : []
    if (!bin || !libraries) continue
    const modules = await Array.fromAsync(glob(join(libraries, 'timescaledb-tsl-*.so')))
    if (modules.length > 0) return bin
  }
  throw new Error('TimescaleDB community edition is not installed: no PostgreSQL here has a timescaledb-tsl-*.so')
}
