import { expect, test } from 'vitest'
import { openJournal } from '../../src/journal/open.ts'
import { child } from './processes.ts'
import { folder, numbers } from './stage.ts'

test.for([
  ['process', 14],
  ['fsync', 8],
] as const)(
  'durability %s, killed %i times or more at any moment: what was acknowledged is there, and no number has two meanings',
  { timeout: 240_000 },
  async ([durability, kills]) => {
    const dir = folder()
    const intents = new Set<number>()
    const commits = new Set<number>()
    const aborts = new Set<number>()
    /** What the target has, by number. */
    const target = new Map<number, number>()
    // A process that is killed before it has begun says nothing: more of them, until enough was acknowledged.
    for (let round = 0; round < kills || (commits.size <= 50 && round < 100); round++) {
      const hammer = child('hammer-child.ts', [dir, round * 100_000, durability])
      await hammer.ready
      await new Promise((resolve) => setTimeout(resolve, 3 + ((round * 37) % 90)))
      hammer.kill()
      for (const line of (await hammer.ended).split('\n').slice(0, -1)) {
        const [kind, ...rest] = line.split(' ')
        if (kind === 'i') intents.add(Number(rest[0]))
        else if (kind === 'c') commits.add(Number(rest[0]))
        else if (kind === 'a') aborts.add(Number(rest[0]))
        else if (kind === 'd') {
          for (const [number, n] of rest.map((pair) => pair.split('=').map(Number) as [number, number])) {
            expect(target.get(number) ?? n, `record ${number}`).toBe(n)
            target.set(number, n)
          }
        } else expect(line).toBe('open')
      }
    }
    const journal = await openJournal({ dir, durability })
    const { committed } = journal.progress
    const seen = target.size
    for (const { number, record } of await journal.deliveries(seen, 1_000_000, Infinity))
      target.set(number, Number(record.rows[0]?.[0]))
    expect([...target.keys()].toSorted((a, b) => a - b)).toEqual(numbers(1, committed))
    const delivered = [...target.values()]
    expect(new Set(delivered).size, 'no op twice').toBe(delivered.length)
    const doubtful = new Set((await journal.doubtful()).map(({ record }) => Number(record.rows[0]?.[0])))
    for (const n of delivered) expect(doubtful.has(n)).toBe(false)
    const known = new Set([...delivered, ...doubtful])
    expect(
      [...commits].filter((n) => !known.has(n) || doubtful.has(n)),
      'acknowledged commits that are lost',
    ).toEqual([])
    expect(
      [...intents].filter((n) => !known.has(n) && !aborts.has(n) && n % 50 !== 3),
      'lost intents',
    ).toEqual([])
    expect(
      [...aborts].filter((n) => known.has(n)),
      'aborted and back',
    ).toEqual([])
    expect(commits.size).toBeGreaterThan(50)
    await journal.close()
  },
)
