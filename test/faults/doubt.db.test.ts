// What the tool cannot know: answers that were lost, a second tool, servers that die in the middle.
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { freshPg } from '../servers/database.ts'
import { describeWith, startServer } from '../servers/index.ts'
import { drive, driveApart } from './drive.ts'
import type { Drive } from './drive.ts'
import { findings } from './findings.ts'
import { meet } from './meet.ts'
import { losingReceipts, relayTo } from './relay.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

const describe = await describeWith('pg17', 'ts-2.19')

describe('doubt', () => {
  let world: World
  beforeAll(() => {
    world = makeWorld(1500)
  })
  afterAll(() => world.remove())
  const runOf = (targetUrl: string): Drive => ({
    sourceUrl: world.sourceUrl,
    targetUrl,
    plan: world.plan,
    acceptQuarantine: world.unfit,
  })

  for (const nth of [1, 3]) {
    it(`the acknowledgement of every ${nth === 1 ? '' : `${nth}rd `}COMMIT is lost`, async () => {
      const { url } = await freshPg('pg17')
      await drive({ ...runOf(url), steps: ['schema'] })
      await using relay = await relayTo(url, losingReceipts(nth))
      const { backfill } = await drive({ ...runOf(relay.url(url)), steps: ['relational', 'backfill'], unlocked: true })
      expect(relay.cuts).toBeGreaterThan(5)
      expect(backfill?.tables.every(({ copied, rows }) => copied === rows)).toBe(true)
      expect(await findings(world, url)).toEqual([])
    })
  }

  it('connections to the target are cut at any moment', async () => {
    const { url } = await freshPg('ts-2.19')
    await drive({ ...runOf(url), steps: ['schema', 'relational'] })
    let answers = 0
    await using relay = await relayTo(url, { onAnswer: () => ((answers += 1) % 61 === 0 ? 'cut' : 'pass') })
    let finished = false
    for (let run = 0; !finished && run < 30; run += 1) {
      finished = await drive({ ...runOf(relay.url(url)), steps: ['backfill'], unlocked: true, taskRows: 100 }).then(
        () => true,
        () => false,
      )
    }
    expect(finished).toBe(true)
    expect(relay.cuts).toBeGreaterThan(3)
    expect(await findings(world, url)).toEqual([])
  })

  it('two tools work on the same migration without knowing of each other', { timeout: 180_000 }, async () => {
    const { url } = await freshPg('pg17')
    await drive({ ...runOf(url), steps: ['schema', 'relational'] })
    const startAt = join(tmpdir(), `hyperferry-go-${Date.now()}`)
    onTestFinished(() => rm(startAt, { force: true }))
    const run: Drive = { ...runOf(url), steps: ['backfill'], unlocked: true, startAt }
    const both = [driveApart({ ...run, taskRows: 70 }), driveApart({ ...run, taskRows: 110, workers: 3 })]
    await Promise.all(both.map((each) => each.ready))
    // Neither has so many workers.
    await meet(url, startAt, 4)
    const ended = await Promise.all(both.map((each) => each.ended))
    for (const each of ended)
      expect({ code: each.code, output: each.code === 0 ? '' : each.output }).toEqual({ code: 0, output: '' })
    expect(await findings(world, url)).toEqual([])
    // They did meet.
    expect(ended.flatMap((each) => each.driven?.retries ?? [])).toContain('HF-B011')
  })

  it('the target server dies like in a power cut, again and again, and comes back', { timeout: 240_000 }, async () => {
    await using server = await startServer('pg17', { durable: true })
    await drive({ ...runOf(server.url), steps: ['schema', 'relational'] })
    const work = driveApart({ ...runOf(server.url), steps: ['backfill'], unlocked: true, taskRows: 25 })
    let over = false
    const ended = work.ended.finally(() => (over = true))
    let crashes = 0
    while (crashes < 3 && !over) {
      await untilReceipts(server.url, 5 + 12 * crashes, () => over)
      if (over) break
      await server.kill9()
      await sleep(150)
      await server.restart()
      crashes += 1
    }
    const end = await ended
    expect(end.code, end.output).toBe(0)
    expect(end.driven?.retries.length).toBeGreaterThan(0)
    expect(await findings(world, server.url)).toEqual([])
  })

  it('a finished run changes nothing when it is repeated, in any size', async () => {
    const { url } = await freshPg('pg17')
    await drive(runOf(url))
    const before = await versions(url)
    const again = await drive({ ...runOf(url), workers: 4, taskRows: 7 })
    expect(again.backfill).toMatchObject({ rows: 0, quarantined: world.unfit })
    expect(again.backfill?.notes.join()).toContain('nothing changed')
    expect(again.backfill?.tables.map(({ status }) => status)).toEqual(['unchanged', 'unchanged', 'unchanged'])
    expect(again.relational?.tables.every(({ status }) => status === 'unchanged')).toBe(true)
    expect(await versions(url)).toEqual(before)
  })

  it('rows go through the disk when memory is used up, and nothing is left there', async () => {
    const { url } = await freshPg('pg17')
    await drive({ ...runOf(url), memory: 0 })
    expect(await findings(world, url)).toEqual([])
  })
})

async function untilReceipts(url: string, count: number, over: () => boolean): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  const end = performance.now() + 60_000
  let found = 0
  while (found < count && !over() && performance.now() < end) {
    await sleep(10)
    const { rows } = await client.query<{ n: number }>('select count(*)::int as n from hyperferry.receipt')
    found = rows[0]?.n ?? 0
  }
  await client.end()
  if (found < count && !over()) throw new Error(`${found} of ${count} receipts in a minute`)
}

/** Place and writer of every row, receipts and quarantine too, and where the sequences stand. */
async function versions(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const tables = ['plant.device', 'plant.sensor', 'plant.reading', 'plant.event', 'plant.line']
  const all: unknown[] = []
  for (const table of [...tables, 'hyperferry.receipt', 'hyperferry.quarantine_row']) {
    const { rows } = await client.query(
      `select md5(string_agg(ctid::text || xmin::text, ',' order by ctid)) from ${table}`,
    )
    all.push(rows)
  }
  all.push((await client.query('select last_value, is_called from plant.device_id_seq')).rows)
  await client.end()
  return all
}
