// The table of what we want to be, as data.
import type { Case, Contender, Place } from './case.ts'
import { total } from './measure.ts'
import { copyCsv, planMove, type } from './peers/hyperferry.ts'
import { parallelCopyVersion, runParallelCopy } from './peers/parallel-copy.ts'
import { pgloaderVersion, runPgloader } from './peers/pgloader.ts'
import { psqlCopy, psqlVersion, runSql } from './peers/psql.ts'
import { wide } from './series/series.ts'
import type { Series } from './series/series.ts'
import { COMPRESS_ALL, INDEXES, makeTable } from './target.ts'

export function cases(rows: number): Case[] {
  const keyless = { ...wide, rows }
  const segments = { ...keyless, devices: 1000 }
  const keyed = { ...keyless, keyed: true }
  return [
    csv('CSV → hypertable with 2 indexes (ours: --defer-indexes)', 'csv', {
      series: keyless,
      columnstore: false,
      goal: 0.7,
    }),
    csv('CSV → columnstore, 1,000 segments', 'csv-columnstore', { series: segments, columnstore: true, goal: 0.25 }),
    csv('the same, peer as it comes (one worker)', 'csv-columnstore-as-it-comes', {
      series: segments,
      columnstore: true,
      goal: 0.25,
      workers: [1],
    }),
    csv('the same, peer with 100,000-row batches', 'csv-columnstore-tuned', {
      series: segments,
      columnstore: true,
      goal: 0.85,
      batchRows: 100_000,
    }),
    move('MariaDB, primary key → hypertable', 'mariadb-key', { series: keyed, columnstore: false, goal: 0.55 }),
    move('MariaDB, keyless → hypertable', 'mariadb', { series: keyless, columnstore: false, goal: 0.45 }),
    move('MariaDB, keyless → columnstore', 'mariadb-columnstore', { series: segments, columnstore: true, goal: 0.3 }),
    move('MariaDB, primary key → columnstore', 'mariadb-key-columnstore', {
      series: { ...segments, keyed: true },
      columnstore: true,
      goal: 0.55,
    }),
    move('SQLite → hypertable', 'sqlite', { series: keyless, columnstore: false, goal: 0.35, from: 'sqlite' }),
  ]
}

interface Given {
  series: Series
  columnstore: boolean
  goal: number
}

// eslint-disable-next-line max-params -- how it is called, and what it is
function csv(name: string, id: string, given: Given & { batchRows?: number; workers?: readonly number[] }): Case {
  const { series, columnstore, batchRows } = given
  const prepare = (target: string): Promise<void> =>
    makeTable(target, { series, columnstore, indexes: columnstore ? [] : INDEXES })
  const psql: Contender = {
    name: 'psql \\copy',
    async run({ target, source, servers }) {
      await prepare(target)
      return psqlCopy(target, source, servers)
    },
  }
  const peers = (given.workers ?? [1, 2, 4]).map((workers): Contender => {
    const batch = batchRows === undefined ? {} : { batchRows }
    return {
      name: `parallel-copy, ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
      async run({ target, source, servers }) {
        await prepare(target)
        return runParallelCopy(target, source, { workers, ...batch }, servers)
      },
    }
  })
  return {
    name,
    id,
    series,
    columnstore,
    goal: given.goal,
    source: 'csv',
    ours: {
      name: 'hyperferry copy',
      async run({ target, source, servers }) {
        await prepare(target)
        return copyCsv(target, source, ['--workers', '2', ...(columnstore ? [] : ['--defer-indexes'])], servers)
      },
    },
    peers: [...(columnstore || psqlVersion() === null ? [] : [psql]), ...(parallelCopyVersion() === null ? [] : peers)],
  }
}

// eslint-disable-next-line max-params -- how it is called, and what it is
function move(name: string, id: string, given: Given & { from?: 'sqlite' }): Case {
  const { series, columnstore, goal, from } = given
  const prepare = async ({
    target,
    source,
    folder,
    servers,
  }: Place): Promise<(words: string[]) => ReturnType<typeof type>> => {
    const ours = { source: from === 'sqlite' ? `sqlite:${source}` : source, target, folder, servers }
    await planMove(ours, columnstore)
    await type(ours, ['schema', '--yes'])
    return (words) => type(ours, words)
  }
  const peer: Contender = {
    name: columnstore ? 'pgloader and compress_chunk' : 'pgloader',
    async run(place) {
      await prepare(place)
      const loaded = await runPgloader(place.source, place.target, place.folder, place.servers)
      // What our backfill leaves behind: the source's index, statistics, and compressed chunks.
      const rest = ['create index on metric (ts)', 'analyze metric', ...(columnstore ? [COMPRESS_ALL] : [])]
      return total([loaded, await runSql(place.target, rest, place.servers)])
    },
  }
  return {
    name,
    id,
    series,
    columnstore,
    goal,
    source: from ?? 'mariadb',
    ours: {
      name: 'hyperferry backfill',
      run: async (place) => (await prepare(place))(['backfill', '--yes', '--workers', '2']),
    },
    peers: pgloaderVersion() === null ? [] : [peer],
  }
}
