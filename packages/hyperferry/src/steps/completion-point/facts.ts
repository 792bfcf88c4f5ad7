/** What the choice of T rests on: since when everybody writes to both, how late and how early rows come, how far the clocks are apart. */
import { durationMicros } from '../../config/duration.ts'
import { requireDualState } from '../../control/dual-write.ts'
import { countParked } from '../../control/parked.ts'
import { writersOf } from '../../control/writers.ts'
import { HyperferryError } from '../../errors.ts'
import type { WriterInfo } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import type { StepContext } from '../context.ts'

export interface Refusal {
  code:
    | 'HF-T011'
    | 'HF-T012'
    | 'HF-T013'
    | 'HF-T014'
    | 'HF-T015'
    | 'HF-T016'
    | 'HF-T017'
    | 'HF-T018'
    | 'HF-T019'
    | 'HF-T020'
  message: string
}

/** How rows of a table come, microseconds. */
interface Spread {
  /** The farthest ahead of the clock that one was stamped. */
  early: bigint
  /** The latest that one may come: declared or seen, whichever is more. */
  late: bigint
  observed: bigint
  declared: bigint
  /** Rows seen, and how late all but one in ten thousand of them were at most (a power of two of milliseconds). */
  rows: number
  usual: bigint
}

/** All times in microseconds since 1970-01-01 UTC by the target's clock, all spans in microseconds. */
export interface Facts {
  now: bigint
  /** Every write that began later goes to both stores. */
  coverage: bigint
  /** How wrong a clock may be. */
  clockError: bigint
  grade: 'proven' | 'observed'
  /** By source table. */
  spread: Map<string, Spread>
  /** What speaks against any T. */
  refusals: Refusal[]
  writers: WriterInfo[]
}

const MOST_OFFSET_US = 5_000_000
const LEAST_ERROR_US = 1000

/** Throws HF-W014 before dual-writing was begun, HF-W010 after a cutover. */
export async function gatherFacts(ctx: StepContext, session: Session): Promise<Facts> {
  const { plan, migrationId } = ctx
  const state = await requireDualState(session, migrationId)
  if (state.stage === 'off') throw new HyperferryError('HF-W014', { what: 'the stage is off' })
  if (state.stage !== 'dualwrite' && state.stage !== 'shadow') {
    throw new HyperferryError('HF-W010', {
      what: `the stage is ${state.stage}: completion points are found before the cutover`,
    })
  }
  const writers = await writersOf(session, migrationId)
  const external = writers.filter(({ kind }) => kind === 'external')
  const library = writers.filter(({ kind }) => kind === 'library')
  const declared = [plan.dualWrite.maxLateness, ...external.map(({ facts }) => facts['maxLateness'])]
    .filter((text) => typeof text === 'string')
    .map(durationMicros)
  const { rows } = await session.query<{ now: string; coverage: string }>(
    `select (extract(epoch from clock_timestamp()) * 1000000)::int8::text as now,
       -- A process that never wrote to both ended as one that wrote to the source; who is declared by hand writes to both from then on.
       (extract(epoch from greatest(d.stage_since, max(case w.kind when 'external' then w.registered_at
         else coalesce(w.dual_since, w.closed_at) end))) * 1000000)::int8::text as coverage
     from hyperferry.dual_write d left join hyperferry.writer w on w.migration_id = d.migration_id
     where d.migration_id = $1 group by d.stage_since`,
    [migrationId],
  )
  const all = await writersOf(session, migrationId, 'all')
  const declaredLate = declared.reduce((a, b) => (a > b ? a : b), 0n)
  return {
    now: BigInt(rows[0]?.now ?? 0),
    coverage: BigInt(rows[0]?.coverage ?? 0),
    clockError: BigInt(
      Math.max(
        LEAST_ERROR_US,
        ...library.map(({ clock }) => (clock === null ? 0 : Math.abs(clock.offsetUs) + clock.errorUs)),
      ),
    ),
    // Without a number nobody knows whether there is another one.
    grade: external.length > 0 || plan.dualWrite.writers === null ? 'observed' : 'proven',
    spread: spreadOf(
      plan.tables.map(({ source }) => source),
      all,
      declaredLate,
    ),
    refusals: [
      ...roster(plan.dualWrite.writers, library, external),
      ...(await undelivered(session, migrationId, library)),
    ],
    writers,
  }
}

/** Pure. What the writers saw, earlier processes included: rows do not come differently because a process was restarted. */
export function spreadOf(
  tables: readonly string[],
  writers: readonly Pick<WriterInfo, 'lateness'>[],
  declared: bigint,
): Facts['spread'] {
  return new Map(
    tables.map((table) => {
      const seen = writers.flatMap(({ lateness }) => lateness[table] ?? []).filter(({ rows }) => rows > 0)
      const early = BigInt(Math.ceil(Math.max(0, ...seen.map(({ minUs }) => -minUs))))
      const observed = BigInt(Math.ceil(Math.max(0, ...seen.map(({ maxUs }) => maxUs))))
      const rows = seen.reduce((sum, each) => sum + each.rows, 0)
      const late = observed > declared ? observed : declared
      return [table, { early, observed, declared, late, rows, usual: usualOf(seen, rows) }]
    }),
  )
}

/** By the counts of rows later than 2^i ms. */
function usualOf(seen: readonly { counts: readonly number[] }[], rows: number): bigint {
  const buckets = Math.max(0, ...seen.map(({ counts }) => counts.length))
  let later = 0
  for (let bucket = buckets - 1; bucket >= 0; bucket -= 1) {
    later += seen.reduce((sum, { counts }) => sum + (counts[bucket] ?? 0), 0)
    if (later > rows / 10_000) return 2n ** BigInt(bucket + 1) * 1000n
  }
  return 1000n
}

function roster(expected: number | null, library: readonly WriterInfo[], external: readonly WriterInfo[]): Refusal[] {
  const refusals: Refusal[] = []
  const known = library.length + external.length
  if (known === 0 || (expected !== null && known < expected)) {
    refusals.push({ code: 'HF-T011', message: `${known} writers are known, ${expected ?? 'at least 1'} expected` })
  }
  for (const { name, state, heartbeatAgeMs, dualSince, facts, clock } of library) {
    if (state === 'silent') {
      refusals.push({
        code: 'HF-T013',
        message: `${name} was last heard of ${Math.round(heartbeatAgeMs / 1000)} s ago`,
      })
    } else if (dualSince === null) {
      const problem = typeof facts['problem'] === 'string' ? `: ${facts['problem']}` : ''
      refusals.push({ code: 'HF-T012', message: `${name} does not write to both databases yet${problem}` })
    }
    if (clock !== null && Math.abs(clock.offsetUs) - clock.errorUs > MOST_OFFSET_US) {
      refusals.push({
        code: 'HF-T020',
        message: `the clock of ${name} is off by ${(clock.offsetUs / 1e6).toFixed(1)} s`,
      })
    }
  }
  return refusals
}

async function undelivered(session: Session, migrationId: number, library: readonly WriterInfo[]): Promise<Refusal[]> {
  const parked = await countParked(session, migrationId)
  const doubtful = library.filter(({ inDoubt }) => inDoubt > 0)
  return [
    ...(parked > 0 ? [{ code: 'HF-T014' as const, message: `${parked} parked records: hyperferry parked list` }] : []),
    ...doubtful.map(({ name, inDoubt }) => ({
      code: 'HF-T014' as const,
      message: `${name} has ${inDoubt} writes in doubt`,
    })),
  ]
}
