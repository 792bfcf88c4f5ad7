/** What stands between now and a change of roles, each with its answer of this moment. */
import { completionPoints } from '../control/completion.ts'
import { openSnapshots } from '../control/jobs.ts'
import { countParked } from '../control/parked.ts'
import { openSuspects } from '../control/suspect.ts'
import { writersOf } from '../control/writers.ts'
import { HyperferryError } from '../errors.ts'
import type { DualState, Gate, Plan, PlannedTable, WriterInfo } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { readBooks } from './books.ts'
import type { Books } from './books.ts'
import { member } from './verdict.ts'

/** Gates that a person may answer for, by name and with a reason. */
const ACCEPTABLE = ['HF-B012', 'HF-G012', 'HF-G015', 'HF-G018', 'HF-G019', 'HF-G020', 'HF-G031'] as const

/** For a cutover. `copied`: the final copy was rehearsed; before that, tables that it brings up to date need not be equal yet. */
export async function cutoverGates(
  session: Session,
  plan: Plan,
  { migrationId, state, copied }: { migrationId: number; state: DualState; copied: boolean },
): Promise<Gate[]> {
  const books = await readBooks(session, plan.migration)
  const writers = await writersOf(session, migrationId)
  const series = plan.tables.filter(({ kind }) => kind === 'timeseries')
  const points = await completionPoints(session, migrationId)
  const pointless = series.filter(({ source }) => !points.has(source)).map(({ source }) => source)
  const proven = copied ? plan.tables : plan.tables.filter((table) => !isBroughtUp(table, books))
  const paused = (await openSnapshots(session, migrationId)).length
  return [
    gate(
      'HF-T010',
      pointless.length === 0,
      pointless.length === 0 ? `${series.length} series have their T` : `no T: ${pointless.join(', ')}`,
    ),
    verified(proven, books),
    quarantine(proven, books),
    loadTest(books),
    gate(
      'HF-G015',
      paused === 0,
      paused === 0 ? 'no policy waits' : `${paused} policies are paused: hyperferry refresh, then jobs restore`,
    ),
    backlog(writers.reduce((sum, { pending }) => sum + pending, 0)),
    ...(await writerGates(session, plan, { migrationId, state, writers, series })),
  ]
}

/** More than the writers can deliver while everybody waits: holding them now would be a pause for nothing. */
export function backlog(waiting: number): Gate {
  const ok = waiting <= SOON_DELIVERED
  const many = waiting === 1 ? '1 record is' : `${waiting} records are`
  return gate('HF-G012', ok, waiting === 0 ? 'nothing is on its way' : `${many} on the way`)
}

const SOON_DELIVERED = 1000

/** A person has looked at the table by a verify; what was changed since, the final copy brings. */
function isBroughtUp({ kind, sync, source }: PlannedTable, books: Books | null): boolean {
  const found = books?.tables.find((each) => each.source === source)
  return kind === 'relational' && sync === 'final-copy' && found !== undefined && found.verdict.state !== 'never'
}

function quarantine(tables: readonly PlannedTable[], books: Books | null): Gate {
  const names = new Set(tables.map(({ name }) => name))
  const open = books?.quarantine.filter(({ table }) => names.has(table)) ?? []
  const rows = open.reduce((sum, each) => sum + each.rows, 0)
  const ok = rows <= (books?.accepted ?? 0)
  const where = 'hyperferry quarantine list; if they may stay there: relational or backfill --accept-quarantine'
  return gate('HF-B012', ok, `${rows} rows in quarantine${rows === 0 ? '' : ok ? ', accepted' : `: ${where} ${rows}`}`)
}

/** Of both directions. */
export async function writerGates(
  session: Session,
  plan: Plan,
  {
    migrationId,
    state,
    writers,
    series,
  }: { migrationId: number; state: DualState; writers: readonly WriterInfo[]; series: readonly PlannedTable[] },
): Promise<Gate[]> {
  const parked = await countParked(session, migrationId)
  const suspects = (await openSuspects(session, migrationId)).length
  const external = writers.filter(({ kind }) => kind === 'external').map(({ name }) => name)
  const library = writers.filter(({ kind }) => kind === 'library')
  return [
    ready(library, state, plan.dualWrite.writers),
    gate(
      'HF-W013',
      parked === 0,
      parked === 0 ? 'nothing is parked' : `${parked} parked records: hyperferry parked list`,
    ),
    gate(
      'HF-G017',
      suspects === 0,
      suspects === 0 ? 'no suspect window' : `${suspects} suspect windows: hyperferry verify`,
    ),
    gate(
      'HF-G018',
      external.length === 0,
      external.length === 0 ? 'no external writer' : `${external.join(', ')} cannot be held`,
    ),
    markers(library, series),
  ]
}

/** Throws HF-K011 with all gates when one is closed. */
export function mustBeOpen(gates: readonly Gate[]): void {
  const closed = gates.filter(({ ok }) => !ok)
  if (closed.length === 0) return
  throw new HyperferryError('HF-K011', {
    what: closed.map(({ code, reason }) => `${code} ${reason}`).join('; '),
    details: { gates },
  })
}

/** Opens what a person has answered for. Throws HF-U001 for a gate that nobody can answer for. */
export function accepted(gates: readonly Gate[], codes: readonly string[], reason: string | undefined): Gate[] {
  const known: readonly string[] = ACCEPTABLE
  const stranger = codes.find((code) => !known.includes(code))
  if (stranger !== undefined) {
    throw new HyperferryError('HF-U001', {
      what: `--accept ${stranger}: this gate opens by itself only`,
      hint: `Can be accepted: ${ACCEPTABLE.join(', ')}.`,
    })
  }
  if (codes.length > 0 && (reason === undefined || reason.trim() === '')) {
    throw new HyperferryError('HF-U001', {
      what: '--accept needs --reason',
      hint: 'Say why: it is kept in the step log.',
    })
  }
  return gates.map((each) =>
    each.ok || !codes.includes(each.code)
      ? each
      : { ...each, ok: true, reason: `${each.reason} (accepted: ${reason ?? ''})` },
  )
}

function verified(tables: readonly PlannedTable[], books: Books | null): Gate {
  const open = tables.filter(
    ({ source }) => books?.tables.find((each) => each.source === source)?.verdict.state !== 'equal',
  )
  const last = books?.steps.findLast(({ step, status }) => step === 'verify' && status === 'done')
  const rolledBack = books?.steps.findLast(({ step, status }) => step === 'rollback' && status === 'done')
  if (open.length > 0)
    return gate('HF-G011', false, `not proven equal: ${open.map(({ source }) => source).join(', ')}: hyperferry verify`)
  if (last === undefined) return gate('HF-G011', false, 'nothing was verified: hyperferry verify')
  if (rolledBack !== undefined && last.startedAt < (rolledBack.finishedAt ?? '')) {
    return gate('HF-G011', false, 'the last verify is older than the rollback: hyperferry verify')
  }
  const age = books === null ? 0 : Date.parse(books.at) - Date.parse(last.startedAt)
  const hours = age / 3_600_000
  if (hours > STALE_HOURS) return gate('HF-G011', false, `the last verify is ${hours.toFixed(0)} hours old`)
  return gate('HF-G011', true, `all tables are proven equal, ${Math.max(0, Math.round(age / 60_000))} minutes ago`)
}

const STALE_HOURS = 24

function loadTest(books: Books | null): Gate {
  const last = books?.steps.findLast(({ step, status }) => step === 'load-test' && status === 'done')
  if (last === undefined) return gate('HF-G031', false, 'no load test: hyperferry load-test --queries F')
  const ok = member(last.output, 'ok') === true
  return gate('HF-G031', ok, ok ? 'the load test was passed' : 'the last load test failed')
}

function ready(library: readonly WriterInfo[], state: DualState, expected: number | null): Gate {
  const wanted = Math.max(1, expected ?? 1)
  if (library.length < wanted) return gate('HF-G013', false, `${library.length} of ${wanted} writers`)
  const late = library.filter(
    ({ state: how, epoch, dualSince, inDoubt }) =>
      how !== 'alive' || epoch !== state.epoch || dualSince === null || inDoubt > 0,
  )
  if (late.length > 0) {
    const who = late.map(
      ({ name, state: how, inDoubt }) =>
        `${name} ${how === 'alive' ? (inDoubt > 0 ? 'has writes in doubt' : 'is behind') : how}`,
    )
    return gate('HF-G013', false, who.join(', '))
  }
  const oldest = Math.max(...library.map(({ heartbeatAgeMs }) => heartbeatAgeMs))
  return gate(
    'HF-G013',
    true,
    `${library.length} of ${wanted} writers, epoch ${state.epoch}, oldest heartbeat ${(oldest / 1000).toFixed(1)} s`,
  )
}

/** Without markers the way back can only tell rows apart by their keys. */
function markers(library: readonly WriterInfo[], series: readonly PlannedTable[]): Gate {
  const keyless = series.filter(({ keys, columns }) => keys.length === 0 || columns.some(({ identity }) => identity))
  const without = library.filter(({ facts }) => facts['markers'] !== true).map(({ name }) => name)
  const ok = keyless.length === 0 || without.length === 0
  return gate(
    'HF-G019',
    ok,
    ok
      ? 'the source can tell which writes it has'
      : `no markers: ${without.join(', ')}, needed for ${keyless.map(({ source }) => source).join(', ')}`,
  )
}

export function gate(code: string, ok: boolean, reason: string): Gate {
  return { code, ok, reason }
}
