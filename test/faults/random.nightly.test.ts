// Hundreds of kills at random places and random instants, in random sizes, several in a row.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FAILPOINTS } from '../../packages/hyperferry/src/failpoints.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { drive, driveApart } from './drive.ts'
import { findings } from './findings.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

const MIGRATIONS = Number(process.env['HYPERFERRY_NIGHTLY_KILLS'] ?? 100)
/** In the environment to see one night again. */
const SEED = Number(process.env['HYPERFERRY_SEED'] ?? 20_240_601)

const describe = await describeWith('pg17', 'ts-2.19')

describe('random kills', () => {
  let world: World
  beforeAll(() => {
    world = makeWorld(2500)
  })
  afterAll(() => world.remove())

  for (let night = 0; night < MIGRATIONS; night += 1) {
    it(`seed ${SEED + night}`, async () => {
      const random = generator(SEED + night)
      const upTo = (most: number): number => Math.floor(random() * most)
      const { url } = await freshPg(random() < 0.5 ? 'pg17' : 'ts-2.19')
      const run = {
        sourceUrl: world.sourceUrl,
        targetUrl: url,
        plan: world.plan,
        acceptQuarantine: world.unfit,
        unlocked: true,
      }
      const sizes = () => ({ workers: 1 + upTo(4), taskRows: 20 + upTo(800), memory: random() < 0.3 ? 0 : 2 ** 27 })
      const places = FAILPOINTS.filter((place) => /^(relational|backfill)\./.test(place))
      for (let kills = 1 + upTo(4); kills > 0; kills -= 1) {
        const place = places[upTo(places.length)] ?? 'backfill.mid-copy'
        const byPlace = random() < 0.6
        const child = byPlace
          ? driveApart({ ...run, ...sizes() }, `${place}:${1 + upTo(30)}`)
          : driveApart({ ...run, ...sizes() })
        // Now and then a second tool works at the same time and is killed too.
        const other = random() < 0.3 ? driveApart({ ...run, ...sizes() }) : null
        if (!byPlace) {
          await sleep(300 + upTo(1200))
          child.kill()
        }
        await child.ended
        if (other !== null && random() < 0.7) other.kill()
        await other?.ended
      }
      await drive({ ...run, ...sizes() })
      expect(await findings(world, url), `seed ${SEED + night}`).toEqual([])
    })
  }
})

function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
