import { expect, test } from 'vitest'
import { schema } from '../../src/steps/schema.ts'
import { listChunks, precreateChunks } from '../../src/target/chunks.ts'
import { opened } from '../control/claimed.ts'
import { planOf, seriesTable } from './plans.ts'

const DAY = 86_400_000_000n

test.for(['pg15', 'ts-2.19', 'ts-sid'] as const)(
  'chunks are listed in UTC, and only made ahead where the server can: %s',
  async (server) => {
    const { target } = await opened(server)
    await schema({
      plan: planOf([seriesTable('reading')]),
      target,
      events: { emit() {} },
      signal: new AbortController().signal,
    })
    const session = await target.session()
    await session.query(
      `insert into plant.reading values (1, '1969-12-31 23:59:59.999999+00', 1), (1, '2024-01-02 00:00:00+00', 1)`,
    )
    const place = { schema: 'plant', table: 'reading', capabilities: target.capabilities }
    expect(await precreateChunks(session, place, 0n, 10n * DAY)).toBe(0)
    const ranges = (await listChunks(session, 'plant', 'reading', target.capabilities)).map(({ from, to }) => [
      from,
      to,
    ])
    const second = 19_724n * DAY
    expect(ranges).toEqual(
      server === 'pg15'
        ? []
        : [
            [-DAY, 0n],
            [second, second + DAY],
          ],
    )
    await session.release()
  },
)
