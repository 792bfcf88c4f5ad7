/** One row for each migration: which plan, from which database, into which. Checked before anything is changed. */
import { HyperferryError } from '../errors.ts'
import type { Json, SourceInfo } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'

export interface Claim {
  /** `plan.migration`. */
  name: string
  /** Hash of the plan's structural part. */
  planHash: string
  /** The plan as plain JSON, with URLs as they stand in the file (no secrets). */
  planJson: Json
  source: SourceInfo
  targetIdentity: string
  /** Version of the tool. */
  tool: string
  /** Path of the first structural difference between the stored plan and this one, for the message. */
  firstDifference: (stored: Json) => string | null
}

/**
 * Records the migration at its first mutating step; later compares. Throws HF-P020 (the structural part of the plan was edited, naming
 * where), HF-B021 (another source or target than at the start).
 */
export async function claimMigration(session: Session, claim: Claim): Promise<{ migrationId: number }> {
  return transaction(session, async () => {
    // Two first runs at the same time: the second waits here and then compares.
    await session.query(
      `insert into hyperferry.migration (name, plan_hash, plan, source_identity, source, target_identity, tool)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (name) do nothing`,
      [
        claim.name,
        claim.planHash,
        JSON.stringify(claim.planJson),
        claim.source.identity,
        `${claim.source.product} ${claim.source.version} ${claim.source.database}`,
        claim.targetIdentity,
        claim.tool,
      ],
    )
    const stored = await storedMigration(session, claim.name)
    if (stored === null) throw new HyperferryError('HF-X001', { what: 'the migration was recorded and is not there' })
    mustBeSame(stored, claim)
    return { migrationId: stored.id }
  })
}

export interface StoredMigration {
  id: number
  name: string
  planHash: string
  plan: Json
  sourceIdentity: string
  source: string
  targetIdentity: string
  createdAt: string
}

/** The row of a migration; null if it was never started here. The control schema must exist. */
export async function storedMigration(session: Session, name: string): Promise<StoredMigration | null> {
  const { rows } = await session.query<StoredMigration>(
    `select id, name, plan_hash as "planHash", plan, source_identity as "sourceIdentity", source,
       target_identity as "targetIdentity", to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "createdAt"
     from hyperferry.migration where name = $1`,
    [name],
  )
  return rows[0] ?? null
}

/** What a migration was started with against what it is to go on with. Throws HF-B021 and HF-P020. */
export function mustBeSame(stored: StoredMigration, claim: Claim): void {
  if (stored.sourceIdentity !== claim.source.identity) {
    throw new HyperferryError('HF-B021', {
      what: `migration "${claim.name}" was started from ${stored.source}, which is not this source`,
      details: { started: stored.sourceIdentity, now: claim.source.identity },
    })
  }
  if (stored.targetIdentity !== claim.targetIdentity) {
    throw new HyperferryError('HF-B021', {
      what: `migration "${claim.name}" was started into another target database; this one holds a copy of its books`,
      details: { started: stored.targetIdentity, now: claim.targetIdentity },
    })
  }
  if (stored.planHash !== claim.planHash) {
    const path = claim.firstDifference(stored.plan)
    throw new HyperferryError('HF-P020', {
      what: `the plan differs from the one the run was started with${path === null ? '' : `, first at ${path}`}`,
      details: { path },
    })
  }
}
