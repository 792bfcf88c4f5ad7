// Each planted fault changes the target, whichever server a person brings along.
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { sabotage, SABOTAGE } from '../../src/demo/sabotage.ts'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'

const SERVERS = ['pg15', 'pg17', 'pg18'] as const
const describe = await describeWith(...SERVERS)

describe('sabotage', () => {
  test.each(SERVERS.flatMap((server) => SABOTAGE.map((fault) => [fault, server] as const)))(
    '%s: exactly one row on %s',
    async (fault, server) => {
      const { url } = await freshPg(server)
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      onTestFinished(() => client.end())
      await client.query(`create table reading (note text, temperature double precision);
        create table event_log (payload bytea);
        insert into reading values ('write 1', 20.5), ('write 2', 21.5), ('old', 1);
        insert into event_log values ('application 1'), ('application 2'), ('old')`)
      expect(await sabotage(url, fault)).toBe(`${fault}: 1 rows of the target`)
    },
  )
})
