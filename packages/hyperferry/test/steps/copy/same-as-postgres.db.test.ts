// Whatever a file looks like: what PostgreSQL's own COPY makes of it in one piece is what the ranges make of it, and what it refuses is refused.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeWith } from '../../../../../test/servers/index.ts'
import { freshPg } from '../../../../../test/servers/database.ts'
import { openTarget } from '../../../src/target/connect.ts'
import { copyHere, fileOf, folder } from './lab.ts'
import { mustBeSame, randomFiles, styleRequest, twoTables } from './random-csv.ts'

const suite = await describeWith('pg17', 'pg15')

suite('copy', () => {
  test.each([
    ['pg17', 'wild', { delimiter: ',', quote: '"', escape: '"', null: '' }],
    ['pg15', 'wild', { delimiter: ',', quote: '"', escape: '\\', null: 'NULL' }],
    ['pg17', 'bare', { delimiter: ',', quote: '"', escape: '"', null: 'NULL' }],
    ['pg15', 'bare', { delimiter: ';', quote: "'", escape: "'", null: '' }],
  ] as const)('the same rows on %s of %s files with %o', async (server, kind, style) => {
    const { url } = await freshPg(server)
    const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
    const session = await target.session()
    await twoTables(session)
    const where = folder()
    let refused = 0
    let files = 0
    await fc.assert(
      fc.asyncProperty(
        randomFiles(25, kind, fc.constant(style)),
        fc.constantFrom(256, 400, 1500),
        async (one, batchBytes) => {
          const file = fileOf(one.text, `${(files += 1)}.csv`, where)
          const request = { connection: url, table: 'parts', file, batchBytes, ...styleRequest(style) }
          const { rows } = await mustBeSame(session, one, (more) => copyHere({ ...request, ...more }))
          if (rows === null) refused += 1
        },
      ),
      { seed: 42, numRuns: 30 },
    )
    expect(refused).toBeGreaterThan(4)
    expect(refused).toBeLessThan(26)
    await target.close()
  })
})
