/** The live line's part of the status: who is primary, who writes, and what stands in the way. Reads only. */
import { completionPoints } from '../../control/completion.ts'
import { dualState, hasWriters, isLive } from '../../control/dual-write.ts'
import { countParked } from '../../control/parked.ts'
import { openSuspects } from '../../control/suspect.ts'
import { writersOf } from '../../control/writers.ts'
import type { Gate, Plan, Side, Stage, WriterInfo } from '../../model.ts'
import type { Session } from '../../target/connect.ts'

export interface LiveStatus {
  stage: Stage
  epoch: number
  primary: Side
  /** Those that have not ended. */
  writers: WriterInfo[]
  gates: Gate[]
}

/** Before anybody was told to write twice. */
export const OFFLINE: LiveStatus = { stage: 'off', epoch: 0, primary: 'source', writers: [], gates: [] }

/** Where no writer was ever told to write to both databases there are no gates, so that an offline migration looks as it always did. */
export async function liveStatus(session: Session, migrationId: number, plan: Plan): Promise<LiveStatus> {
  if (!(await hasWriters(session))) return OFFLINE
  const state = await dualState(session, migrationId)
  const writers = await writersOf(session, migrationId)
  if (state === null) return { ...OFFLINE, writers }
  const { stage, epoch, primary } = state
  const gates = [
    ...(isLive(state) ? [silentGate(writers)] : []),
    ...(stage === 'dualwrite' ? [await pointGate(session, migrationId, plan)] : []),
    await parkedGate(session, migrationId),
    await suspectGate(session, migrationId),
  ]
  return { stage, epoch, primary, writers, gates }
}

function silentGate(writers: readonly WriterInfo[]): Gate {
  const silent = writers.filter(({ state }) => state === 'silent').map(({ name }) => name)
  return gate('HF-T013', silent.length === 0, {
    yes: 'no writer is silent',
    no: `silent: ${some(silent)}; start it again with its journal folder, or hyperferry journal declare-lost`,
  })
}

async function pointGate(session: Session, migrationId: number, plan: Plan): Promise<Gate> {
  const points = await completionPoints(session, migrationId)
  const without = plan.tables.filter(({ kind, source }) => kind === 'timeseries' && !points.has(source))
  return gate('HF-T010', without.length === 0, {
    yes: 'all time series have a completion point',
    no: `no completion point: ${some(without.map(({ name }) => name))}; hyperferry completion-point`,
  })
}

async function parkedGate(session: Session, migrationId: number): Promise<Gate> {
  const parked = await countParked(session, migrationId)
  return gate('HF-W013', parked === 0, {
    yes: 'no records are parked',
    no: `${parked} ${parked === 1 ? 'record is' : 'records are'} parked: hyperferry parked list`,
  })
}

async function suspectGate(session: Session, migrationId: number): Promise<Gate> {
  const windows = await openSuspects(session, migrationId)
  const who = [...new Set(windows.map(({ writer, reason }) => `${writer} (${reason})`))]
  return gate('HF-G017', windows.length === 0, {
    yes: 'no suspect window is open',
    no: `a write of ${some(who)} may be in one database only: hyperferry verify`,
  })
}

function gate(code: string, ok: boolean, reason: { yes: string; no: string }): Gate {
  return { code, ok, reason: ok ? reason.yes : reason.no }
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}
