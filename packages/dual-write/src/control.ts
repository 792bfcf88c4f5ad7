/** The control schema in the target, through its functions for writers (contract number 1). */
import { ContractNumberError } from './errors.ts'
import type { Contract, Phase, Side, Stage } from './model.ts'
import type { TargetStore } from './stores/store.ts'

const CONTRACT_NUMBER = 1

/** Who is primary, as the control schema says it. */
export interface RoleState {
  stage: Stage
  epoch: number
  primary: Side
  phase: Phase
  holdId: string | null
  barrier: number
  contractHash: string
  outboxJournal: string
}

export interface Registration {
  name: string
  incarnation: string
  journal: string
  library: string
  facts: Record<string, unknown>
}

export interface Registered {
  writerId: string
  /** null: no stage was ever set, so everything goes to the source. */
  state: RoleState | null
  contract: Contract | null
}

/** What a heartbeat says; see table `hyperferry.writer`. */
export interface Report {
  stage: Stage
  epoch: number
  dual: boolean
  held: string | null
  barrier: number
  inFlight: number
  pending: number
  inDoubt: number
  low: Record<string, string>
  lateness: Record<string, unknown>
  clockOffsetUs: number | null
  clockErrorUs: number | null
  facts: Record<string, unknown>
}

export interface Answer {
  state: RoleState | null
  /** The target's clock, microseconds. */
  nowUs: bigint | null
}

/** Why the control schema gave no answer. `absent`: no control schema or no such migration; `closed`: this writer is not to write any more. */
export type ControlTrouble = 'absent' | 'closed' | 'contract' | 'denied' | 'unreachable'

export class Control {
  readonly #target: TargetStore

  constructor(target: TargetStore) {
    this.#target = target
  }

  async register(migration: string, registration: Registration): Promise<Registered> {
    const answer = await this.#ask<{ writerId: string; state: WireState | null; contract: Contract | null }>(
      'select hyperferry.w1_register($1, $2) as answer',
      [migration, JSON.stringify({ ...registration, contract: CONTRACT_NUMBER })],
    )
    return { ...answer, state: stateOf(answer.state) }
  }

  async heartbeat(writerId: string, report: Report): Promise<Answer> {
    const answer = await this.#ask<WireState | null>('select hyperferry.w1_heartbeat($1, $2) as answer', [
      writerId,
      JSON.stringify(report),
    ])
    return { state: stateOf(answer), nowUs: answer === null ? null : BigInt(answer.nowUs) }
  }

  contract(writerId: string): Promise<Contract | null> {
    return this.#ask('select hyperferry.w1_contract($1) as answer', [writerId])
  }

  /** Marks an interval from `fromUs` to now in which a write may be in one store only. */
  async suspect(writerId: string, collection: string | null, fromUs: bigint, reason: string): Promise<void> {
    await this.#target.query('select hyperferry.w1_suspect($1, $2, $3, $4)', [
      writerId,
      collection,
      String(fromUs),
      reason,
    ])
  }

  async close(writerId: string): Promise<void> {
    await this.#target.query('select hyperferry.w1_close($1)', [writerId])
  }

  trouble(error: unknown): ControlTrouble {
    const { code } = this.#target.classify(error)
    switch (code) {
      case 'HF001':
      case '3F000': // no schema hyperferry
      case '42883': // no such function: a control schema of an older tool, or none
      case '42P01':
        return 'absent'
      case 'HF002':
        return 'contract'
      case 'HF003':
        return 'closed'
      case '42501':
        return 'denied'
      default:
        return 'unreachable'
    }
  }

  async #ask<T>(sql: string, params: readonly unknown[]): Promise<T> {
    const { rows } = await this.#target.query<{ answer: unknown }>(sql, params)
    const answer = rows[0]?.answer ?? null
    // Most drivers parse json; a pool may have been told not to.
    return (typeof answer === 'string' ? JSON.parse(answer) : answer) as T
  }
}

type WireState = Omit<RoleState, never> & { nowUs: string }

function stateOf(wire: WireState | null): RoleState | null {
  if (wire === null) return null
  const { stage, epoch, primary, phase, holdId, barrier, contractHash, outboxJournal } = wire
  return { stage, epoch, primary, phase, holdId, barrier, contractHash, outboxJournal }
}

/** Another contract number cannot be waited out. */
export function contractNumber(cause: unknown): ContractNumberError {
  return new ContractNumberError(
    `the control schema of the target does not speak contract ${CONTRACT_NUMBER}: update @hyperferry/dual-write or hyperferry`,
    cause,
  )
}
