/** Opens a MySQL or MariaDB database for reading. */
import type { Inventory, SourceTable } from '../../model.ts'
import { HyperferryError } from '../../errors.ts'
import type { Source, SourceOptions, SourceView } from '../source.ts'
import { assessTable } from './assess.ts'
import { runChecks } from './checks.ts'
import { readInventory } from './inventory.ts'
import { LoadWatch } from './load.ts'
import { runQuery } from './query.ts'
import { tableReader } from './read.ts'
import { describeServer } from './server.ts'
import { Sessions, SnapshotScope } from './sessions.ts'
import type { SessionScope } from './sessions.ts'
import { parseAddress } from './url.ts'

/** Connects, identifies the server and reads the definitions once, so that `reader` can compare a plan with them. */
export async function openMysql(url: string, options: SourceOptions): Promise<Source> {
  const address = parseAddress(url)
  const sessions = new Sessions(address, options.connections, options.signal)
  try {
    const server = await sessions.use((session) => describeServer(session, address.database))
    let live = await sessions.use((session) => readInventory(session, server))
    const inventory = async (): Promise<Inventory> => {
      live = await sessions.use((session) => readInventory(session, server))
      return live
    }
    const view = (scope: SessionScope): SourceView => ({
      reader: (table) => tableReader(table, find(live, table.source), scope, options.timezone),
    })
    const watch = new LoadWatch({ address, signal: options.signal, server })
    return {
      info: server.info,
      checks: () =>
        sessions.use((session) => runChecks({ session, server, address, connections: options.connections })),
      inventory,
      assess: (table, how) =>
        sessions.use((session) => assessTable({ session, server, timezone: options.timezone }, table, how)),
      ...view(sessions),
      snapshot: (use) => inSnapshot(sessions, (scope) => use(view(scope))),
      query: (sql, params) => runQuery(sessions, sql, params),
      load: (wanted) => watch.look(wanted),
      roomFor: (connections) => sessions.roomFor(connections),
      close: async () => {
        watch.close()
        await sessions.close()
      },
    }
  } catch (error) {
    await sessions.close()
    throw error
  }
}

async function inSnapshot<T>(sessions: Sessions, use: (scope: SessionScope) => Promise<T>): Promise<T> {
  const lease = await sessions.begin()
  let done = false
  try {
    const result = await use(new SnapshotScope(lease))
    done = true
    return result
  } finally {
    await lease.end(!done)
  }
}

function find(inventory: Inventory, name: string): SourceTable {
  const table = inventory.tables.find((one) => one.name === name)
  if (!table) throw new HyperferryError('HF-P021', { what: `table ${name} is missing in the source` })
  return table
}
