// The inequalities of docs/design/0009 as a game: an adversary places rows wherever the facts allow, and no row may end on the wrong side of T.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedTable, TimeUnit } from '../../../src/model.ts'
import { choose, instantFor, refusalsFor, waitFor } from '../../../src/steps/completion-point/choose.ts'
import type { Measured } from '../../../src/steps/completion-point/choose.ts'
import { spreadOf } from '../../../src/steps/completion-point/facts.ts'
import { instantOfTime, timeOfInstant } from '../../../src/values/axis-instant.ts'
import { axisTable } from '../../values/axis-table.ts'

const SECOND = 1_000_000n
const HOUR = 3_600n * SECOND
const utc = (...parts: [number, number, number, number?, number?]): bigint => BigInt(Date.UTC(...parts)) * 1000n

type Mode = PlannedTable['mode']
const table = (sourceType: string, type: string, given: { unit?: TimeUnit; raw?: TimeUnit; mode?: Mode } = {}) =>
  axisTable(sourceType, type, given.unit ? { unit: given.unit } : {}, {
    time: { column: 'at', unit: given.raw ?? null },
    mode: given.mode ?? 'merge',
  })

const shapes = (mode: Mode): PlannedTable[] => [
  table('datetime(6)', 'timestamptz', { mode }),
  table('datetime', 'timestamptz(0)', { mode }),
  table('datetime(6)', 'timestamp', { mode }),
  table('date', 'date', { mode }),
  table('bigint', 'timestamptz', { unit: 's', mode }),
  table('bigint', 'bigint', { raw: 'ms', mode }),
  table('bigint', 'bigint', { raw: 'ns', mode }),
]
const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns']

/** One writer: until when it wrote to the source alone, how far ahead and how late its rows come, how wrong its clock may be. */
interface Writer {
  dualSince: bigint
  early: bigint
  late: bigint
  error: bigint
}
interface Scene {
  table: PlannedTable
  zone: string
  writers: Writer[]
  now: bigint
  declared: bigint
  /** From 0 to 1: where the adversary places its row within what is allowed. */
  luck: number[]
}

const micros = (max: bigint) => fc.oneof(fc.constant(0n), fc.constant(max), fc.bigInt({ min: 0n, max }))
// Hours of clock changes included.
const start = fc.oneof(
  fc.bigInt({ min: utc(2026, 9, 24, 20), max: utc(2026, 9, 25, 6) }),
  fc.bigInt({ min: utc(2026, 2, 28, 20), max: utc(2026, 2, 29, 6) }),
  fc.bigInt({ min: utc(2020, 0, 1), max: utc(2030, 0, 1) }),
)
const scene = (mode: Mode): fc.Arbitrary<Scene> =>
  start.chain((from) =>
    fc.record({
      table: fc.constantFrom(...shapes(mode)),
      zone: fc.constantFrom(...zones),
      writers: fc.array(
        fc.record({
          dualSince: micros(HOUR).map((after) => from + after),
          early: micros(2n * HOUR),
          late: micros(6n * HOUR),
          error: micros(2n * SECOND),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      now: micros(60n * HOUR).map((after) => from + HOUR + after),
      declared: micros(8n * HOUR),
      luck: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
    }),
  )

const most = (values: readonly bigint[]): bigint => values.reduce((a, b) => (a > b ? a : b), 0n)

/** What the tool would find out about these writers. */
function measured({ table: { source }, writers, now, declared }: Scene): Measured {
  const seen = writers.map(({ early, late }) => ({
    lateness: { [source]: { rows: 1, minUs: -Number(early), maxUs: Number(late), counts: [] } },
  }))
  return {
    now,
    coverage: most(writers.map(({ dualSince }) => dualSince)),
    clockError: most([1000n, ...writers.map(({ error }) => error)]),
    spread: spreadOf([source], seen, declared),
  }
}

type Change = (facts: Measured, scene: Scene) => Measured

/** Whether every row that the facts allow is on its right side of the chosen T. `change`: a tool that reckons wrongly. */
function isSafe(given: Scene, change: Change = (facts) => facts): boolean {
  const { table: each, zone, writers, luck } = given
  const facts = change(measured(given), given)
  const [instant = 0n] = choose([each], facts, { timezone: zone, given: null, before: new Map() })
  if (refusalsFor(each, instant, facts, zone).length > 0) return true
  const part = (whole: bigint, by: number): bigint => (whole * BigInt(Math.round(by * 1000))) / 1000n
  return writers.every((writer) => {
    // Written to the source alone, so it has to be the backfill's: below T.
    const ahead = part(writer.early, luck[0] ?? 0) + part(writer.error, luck[1] ?? 0)
    const single = instantOfTime(each, writer.dualSince + ahead, zone)
    if (single >= instant) return false
    if (each.mode === 'merge') return true
    // Comes while the backfill works, so it has to be the journal's: T or above.
    const behind = part(writer.late, luck[2] ?? 0) + part(writer.error, luck[3] ?? 0)
    return instantOfTime(each, given.now + 1n - behind, zone) >= instant
  })
}

const spreadWith = (facts: Measured, change: Partial<{ early: bigint; late: bigint }>): Measured => ({
  ...facts,
  spread: new Map([...facts.spread].map(([name, spread]) => [name, { ...spread, ...change }])),
})

describe('the choice of T', () => {
  it.each(['merge', 'replace'] as const)('never puts a row on the wrong side: %s', (mode) => {
    const { failed, counterexample } = fc.check(
      fc.property(scene(mode), (each) => isSafe(each)),
      { seed: 31, numRuns: 5000 },
    )
    expect({ failed, counterexample }).toEqual({ failed: false, counterexample: null })
  })

  it.each<[string, Mode, Change]>([
    ['how far ahead rows are stamped', 'merge', (facts) => spreadWith(facts, { early: 0n })],
    ['how late rows come', 'replace', (facts) => spreadWith(facts, { late: 0n })],
    ['the error of the clocks', 'merge', (facts) => ({ ...facts, clockError: 0n })],
    ['the error of the clocks, rows without a key', 'replace', (facts) => ({ ...facts, clockError: 0n })],
    [
      'the last writer',
      'merge',
      (facts, { writers }) => ({ ...facts, coverage: most(writers.slice(0, -1).map(({ dualSince }) => dualSince)) }),
    ],
    [
      'what the last writer has seen',
      'merge',
      (facts, given) => ({ ...facts, spread: measured({ ...given, writers: given.writers.slice(0, -1) }).spread }),
    ],
    ['what was declared less than seen', 'replace', (facts, { declared }) => spreadWith(facts, { late: declared })],
  ])('a tool that forgets %s is caught', (_, mode, change) => {
    const { failed } = fc.check(
      fc.property(scene(mode), (each) => isSafe(each, change)),
      { seed: 32, numRuns: 5000 },
    )
    expect(failed).toBe(true)
  })

  it('finds a T that fits as soon as there is one', () => {
    fc.assert(
      fc.property(scene('replace'), (each) => {
        const { table: one, zone } = each
        // A day's column is cut once a day, an hour that happens twice counts twice.
        const slack = one.columns[0]?.type === 'date' ? 50n * HOUR : 3n * HOUR
        const facts = measured(each)
        const late = facts.spread.get(one.source)?.late ?? 0n
        const early = facts.spread.get(one.source)?.early ?? 0n
        const later = { ...facts, now: facts.coverage + early + late + 2n * facts.clockError + slack }
        const [instant = 0n] = choose([one], later, { timezone: zone, given: null, before: new Map() })
        expect(refusalsFor(one, instant, later, zone)).toEqual([])
        expect(waitFor(one, instant, later, zone)).toBeLessThanOrEqual(0n)
      }),
      { seed: 33, numRuns: 1000 },
    )
  })

  it('is kept by a second look while nothing speaks against it', () => {
    fc.assert(
      fc.property(scene('merge'), micros(HOUR), (each, more) => {
        const { table: one, zone } = each
        const facts = measured(each)
        const [first = 0n] = choose([one], facts, { timezone: zone, given: null, before: new Map() })
        const before = new Map([[one.source, first]])
        const again = (next: Measured): bigint => choose([one], next, { timezone: zone, given: null, before })[0] ?? 0n
        expect(again({ ...facts, now: facts.now + more, coverage: facts.coverage - more })).toBe(
          refusalsFor(one, first, facts, zone).length === 0 ? first : again(facts),
        )
        expect(again({ ...facts, coverage: facts.coverage + 60n * HOUR })).toBeGreaterThan(first)
      }),
      { seed: 34, numRuns: 500 },
    )
  })
})

it('what writers have seen is put together', () => {
  const seen = (minUs: number, maxUs: number, counts: number[], rows = 10_000) => ({
    lateness: { t: { rows, minUs, maxUs, counts } },
  })
  const spread = spreadOf(['t', 'u'], [seen(-5, 3000, [500, 200]), seen(7, 9000, [0, 3, 2])], 1000n)
  expect(spread.get('t')).toEqual({
    early: 5n,
    observed: 9000n,
    declared: 1000n,
    late: 9000n,
    rows: 20_000,
    usual: 4000n,
  })
  expect(spread.get('u')).toEqual({ early: 0n, observed: 0n, declared: 1000n, late: 1000n, rows: 0, usual: 1000n })
})

describe('one T for all tables', () => {
  const now = utc(2026, 10, 22, 14)
  const spread = (early: bigint, late = 0n) => ({
    early,
    late,
    observed: late,
    declared: late,
    rows: 1,
    usual: 0n,
  })
  const one = { ...table('datetime(6)', 'timestamptz'), source: 'one' }
  const ahead = { ...table('datetime(6)', 'timestamptz'), source: 'ahead' }
  const unkeyed = { ...table('datetime(6)', 'timestamptz', { mode: 'replace' }), source: 'unkeyed' }
  const facts = (early: bigint): Measured => ({
    now,
    coverage: now - 10n * 60n * SECOND - 1n,
    clockError: 1000n,
    spread: new Map([
      ['one', spread(0n)],
      ['ahead', spread(early)],
      ['unkeyed', spread(0n, 9n * 60n * SECOND)],
    ]),
  })
  const wishes = { timezone: 'UTC', given: null, before: new Map<string, bigint>() }

  it('is the earliest that fits all', () => {
    const t = now - 10n * 60n * SECOND + 31n * SECOND
    expect(choose([one, ahead, unkeyed], facts(30n * SECOND), wishes)).toEqual([t, t, t])
  })

  it('is not waited for by a table whose rows are not stamped ahead', () => {
    const own = now - 10n * 60n * SECOND + SECOND
    const far = own + 3n * HOUR
    expect(choose([one, ahead, unkeyed], facts(3n * HOUR), wishes)).toEqual([own, far, own])
    // Five minutes ahead: over already, but too young for rows without a key.
    const near = own + 300n * SECOND
    expect(choose([one, ahead, unkeyed], facts(300n * SECOND), wishes)).toEqual([near, near, own])
  })

  it('is waited for where rows may still come', () => {
    const young = { ...facts(0n), coverage: now - 60n * SECOND }
    const [instant = 0n] = choose([unkeyed], young, wishes)
    expect(refusalsFor(unkeyed, instant, young, 'UTC')).toMatchObject([{ code: 'HF-T017' }])
    expect(waitFor(unkeyed, instant, young, 'UTC')).toBe(8n * 60n * SECOND + SECOND + 1000n)
  })

  it('may be given', () => {
    const at = (t: bigint) => choose([one], facts(0n), { ...wishes, given: t })[0] ?? 0n
    expect(refusalsFor(one, at(now), facts(0n), 'UTC')).toEqual([])
    expect(refusalsFor(one, at(now - HOUR), facts(0n), 'UTC')).toMatchObject([{ code: 'HF-T018' }])
    expect(refusalsFor(one, at(now + 100n * HOUR), facts(0n), 'UTC')).toMatchObject([{ code: 'HF-T017' }])
  })

  it('a column of days is cut at the next midnight, and a midnight is its own', () => {
    const days = table('date', 'date')
    expect(instantFor(days, now, 'Europe/Berlin')).toBe(utc(2026, 10, 23))
    expect(instantFor(days, utc(2026, 10, 22, 23), 'Europe/Berlin')).toBe(utc(2026, 10, 23))
    expect(timeOfInstant(days, utc(2026, 10, 23), 'Europe/Berlin')).toBe(utc(2026, 10, 22, 23))
  })
})
