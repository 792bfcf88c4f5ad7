// The same at length: files in any style, small pieces, several workers, and connections that are cut while they load.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import type { CopyResult } from '../../../src/copy-csv.ts'
import { HyperferryError } from '../../../src/errors.ts'
import { openTarget } from '../../../src/target/connect.ts'
import type { Session } from '../../../src/target/connect.ts'
import type { Events } from '../../../src/work/events.ts'
import { copyHere, fileOf, folder } from './lab.ts'
import type { CopyHere } from './lab.ts'
import { mustBeSame, randomFiles, styleRequest, twoTables } from './random-csv.ts'
import type { Style } from './random-csv.ts'

const FILES = Number(process.env['HYPERFERRY_NIGHTLY_CSV'] ?? 2000)
/** In the environment to see the files of one night again; when connections are cut is up to chance. */
const SEED = Number(process.env['HYPERFERRY_SEED'] ?? 20_240_601)

const suite = await describeWith('pg15', 'pg18')

const delimiters = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(',', ';', '\t', '|', '\x01') },
  // Any byte that COPY takes.
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 127 }).map((byte) => String.fromCharCode(byte)) },
)
const styles: fc.Arbitrary<Style> = fc
  .record({
    delimiter: delimiters,
    quote: fc.constantFrom('"', '"', '"', "'", '~'),
    escape: fc.constantFrom(null, null, '\\', '^'),
    null: fc.constantFrom('', '', 'NULL', '\\N'),
  })
  .map(({ escape, ...style }) => ({ ...style, escape: escape ?? style.quote }))
  .filter(({ delimiter, quote, null: marker }) => !`\n\r${quote}${marker}`.includes(delimiter))

const files = fc.oneof(
  { weight: 3, arbitrary: randomFiles(300, 'tidy', styles) },
  { weight: 2, arbitrary: randomFiles(100, 'bare', styles) },
  { weight: 1, arbitrary: randomFiles(25, 'wild', styles) },
  { weight: 1, arbitrary: randomFiles(150, 'wild', styles) },
)
const ways = fc.record({
  batchBytes: fc.integer({ min: 256, max: 1500 }),
  workers: fc.integer({ min: 2, max: 6 }),
  piped: fc.boolean(),
  /** Connections that are cut, at most. */
  cuts: fc.nat(5),
})

suite('copy', () => {
  test.each([
    ['pg15', SEED],
    ['pg18', SEED + 1],
  ] as const)('the same rows on %s, whatever is cut (seed %i)', async (server, seed) => {
    const { url, superUrl } = await freshPg(server)
    const signal = new AbortController().signal
    const target = await openTarget(url, { connections: 1, signal, applicationName: 'the judge' })
    const admin = await openTarget(superUrl, { connections: 1, signal, applicationName: 'the cutter' })
    const session = await target.session()
    const cutter = await admin.session()
    await twoTables(session)
    const where = folder()
    const seen = { files: 0, rows: 0, refused: 0, pieces: 0, cuts: 0, again: 0 }
    await fc.assert(
      fc.asyncProperty(files, ways, async (one, { piped, cuts, ...way }) => {
        seen.files += 1
        const name = `${seen.files}.csv`
        const from = piped
          ? { piped: one.text, rejectFile: `${where}/${name}` }
          : { file: fileOf(one.text, name, where) }
        const { rows } = await mustBeSame(session, one, async ({ skipErrors }) => {
          const importId = `${seen.files} ${skipErrors}`
          const request = {
            connection: url,
            table: 'parts',
            ...from,
            ...styleRequest(one.style),
            ...way,
            importId,
            skipErrors,
          }
          return whileCutting(cutter, { most: cuts, seen }, (events) => untilItEnds({ ...request, events }, seen))
        })
        seen.rows += rows ?? 0
        if (rows === null) seen.refused += 1
      }),
      // A smaller file says nothing about when a connection was cut.
      { seed, numRuns: Math.ceil(FILES / 2), endOnFailure: true },
    )
    process.stderr.write(
      `${server}: ${seen.files} files, ${seen.refused} of them with rows at fault; ${seen.rows} rows of the others; ` +
        `${seen.pieces} transactions, ${seen.cuts} connections cut, ${seen.again} commands typed again\n`,
    )
    expect(seen.cuts).toBeGreaterThan(seen.files / 4)
    expect(seen.refused).toBeGreaterThan(seen.files / 10)
    expect(seen.refused).toBeLessThan(seen.files * 0.9)
    await admin.close()
    await target.close()
  })
})

/** What is not tried again by itself is what a person types again. */
async function untilItEnds(request: CopyHere, seen: { pieces: number; again: number }): Promise<CopyResult> {
  const emit: Events['emit'] = (event) => {
    request.events?.emit(event)
    if (event.kind === 'table-progress') seen.pieces += 1
  }
  for (;;) {
    try {
      return await copyHere({ ...request, events: { emit } })
    } catch (error) {
      if (!(error instanceof HyperferryError) || error.retry !== 'transient') throw error
      seen.again += 1
    }
  }
}

/** Ends server processes of the copy, whichever it is, from when it begins until `most` are gone. */
async function whileCutting<T>(
  cutter: Session,
  { most, seen }: { most: number; seen: { cuts: number } },
  copy: (events: Events) => Promise<T>,
): Promise<T> {
  let left = most
  let cutting: Promise<void>[] = []
  const cut = async (): Promise<void> => {
    while (left > 0) {
      await sleep(Math.random() * 20)
      const { rows } = await cutter.query<{ gone: boolean }>(
        `select pg_catalog.pg_terminate_backend(pid) as gone from pg_catalog.pg_stat_activity
         where datname = pg_catalog.current_database() and application_name = 'hyperferry' order by pg_catalog.random() limit 1`,
      )
      const gone = rows.filter((row) => row.gone).length
      left -= gone
      seen.cuts += gone
    }
  }
  const emit: Events['emit'] = ({ kind }) => {
    // A server that cannot be reached in the first place is an error at once.
    if (kind === 'table-start' && cutting.length === 0) cutting = [cut()]
  }
  try {
    return await copy({ emit })
  } finally {
    left = 0
    await Promise.all(cutting)
  }
}
