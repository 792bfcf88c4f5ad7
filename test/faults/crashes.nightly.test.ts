// The target loses power again and again while it is filled, and once more when all is said to be done: what was acknowledged is there, once.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HyperferryError } from '../../packages/hyperferry/src/errors.ts'
import { copyHere, fileOf } from '../../packages/hyperferry/test/steps/copy/lab.ts'
import { describeWith, startServer } from '../servers/index.ts'
import { drive } from './drive.ts'
import { findings } from './findings.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

const CRASHES = Number(process.env['HYPERFERRY_NIGHTLY_CRASHES'] ?? 30)

const describe = await describeWith('pg17', 'ts-2.19')

describe('crashes of the target', () => {
  let world: World
  beforeAll(() => {
    world = makeWorld(5000)
  })
  afterAll(() => world.remove())

  it.each(['pg17', 'ts-2.19'] as const)('%s', async (name) => {
    // Commits of tasks do not wait for the disk, so a crash really takes some of them back.
    await using server = await startServer(name, { durable: true })
    let crashes = 0
    let retries = 0
    let runs = 0
    const crash = async (): Promise<void> => {
      await server.kill9()
      await server.restart()
      crashes += 1
    }
    for (let migration = 0; crashes < CRASHES; migration += 1) {
      const url = await database(server.url, `crash_${migration}`, name === 'ts-2.19')
      const run = {
        sourceUrl: world.sourceUrl,
        targetUrl: url,
        plan: world.plan,
        acceptQuarantine: world.unfit,
        unlocked: true,
        workers: 1 + (migration % 4),
        taskRows: 30 + ((migration * 37) % 90),
      }
      const done = new AbortController()
      const crashing = crashUntil(done.signal, crash)
      for (let finished = false; !finished; runs += 1) {
        try {
          retries += (await drive(run)).retries.length
          finished = true
        } catch (error) {
          // What is not tried again by itself is what a person types again.
          if (!(error instanceof HyperferryError) || error.retry !== 'transient') throw error
          await sleep(200)
        }
      }
      done.abort()
      await crashing
      await crash()
      expect(await findings(world, url), `migration ${migration}`).toEqual([])
    }
    process.stderr.write(`${name}: ${crashes} crashes, ${runs} runs, ${retries} retries within them\n`)
    expect(crashes).toBeGreaterThanOrEqual(CRASHES)
    expect(retries).toBeGreaterThan(0)
  })
})

describe('crashes of the target while a CSV file is copied', () => {
  it.each(['a file', 'a pipe'] as const)('%s', { timeout: 600_000 }, async (from) => {
    await using server = await startServer('pg17', { durable: true })
    const lines = Array.from({ length: 60_000 }, (_, n) => `${n},row ${n},${Math.sin(n)}\n`)
    const content = Buffer.from(lines.join(''))
    const given = from === 'a file' ? { file: fileOf(content) } : { piped: content }
    let crashes = 0
    const crash = async (): Promise<void> => {
      await server.kill9()
      await server.restart()
      crashes += 1
    }
    let runs = 0
    for (let copy = 0; crashes < CRASHES / 3; copy += 1) {
      const url = await database(server.url, `copy_${copy}`, false)
      await sql(url, 'create table t (n int, body text, v float8)')
      const done = new AbortController()
      const crashing = crashUntil(done.signal, crash)
      const importId = `copy ${copy}`
      for (let finished = false; !finished; runs += 1) {
        try {
          await copyHere({
            connection: url,
            table: 't',
            importId,
            batchBytes: 8000 + copy * 3000,
            workers: 3,
            ...given,
          })
          finished = true
        } catch (error) {
          if (!(error instanceof HyperferryError) || (error.retry !== 'transient' && error.code !== 'HF-F013'))
            throw error
          await sleep(200)
        }
      }
      done.abort()
      await crashing
      await crash()
      expect(await answer(url, 'select count(*)::int as n, count(distinct n)::int as ids from t')).toEqual([
        { n: lines.length, ids: lines.length },
      ])
    }
    process.stderr.write(`${from}: ${crashes} crashes, ${runs} runs\n`)
  })
})

async function crashUntil(done: AbortSignal, crash: () => Promise<void>): Promise<void> {
  for (;;) {
    await sleep(400 + Math.random() * 1200, undefined, { signal: done }).catch(() => {})
    if (done.aborted) return
    await crash()
  }
}

async function database(admin: string, name: string, timescale: boolean): Promise<string> {
  const url = Object.assign(new URL(admin), { pathname: `/${name}` }).href
  await sql(admin, `create database ${name}`)
  if (timescale) await sql(url, 'create extension timescaledb')
  return url
}

async function sql(url: string, text: string): Promise<void> {
  await answer(url, text)
}

async function answer(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}
