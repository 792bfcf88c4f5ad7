import { expect, test } from 'vitest'
import { directCompress } from '../../src/target/direct-compress.ts'
import { opened } from '../control/claimed.ts'

test.for([
  ['ts-sid', 'the Apache edition has no columnstore'],
  ['pg18', 'plain PostgreSQL has no columnstore'],
] as const)('not on %s', async ([server, reason]) => {
  const { target } = await opened(server)
  const session = await target.session()
  const answer = await directCompress(session, { schema: 'public', table: 'x', capabilities: target.capabilities })
  expect(answer).toEqual({ usable: false, reason, settings: '', sortBytes: 0 })
  await session.release()
})
