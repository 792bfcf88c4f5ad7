// A fresh database with a control schema and a claimed migration, owned by an ordinary role.
import { onTestFinished } from 'vitest'
import type { PostgresName } from '../../../../test/servers/catalogue.ts'
import { freshPg } from '../../../../test/servers/database.ts'
import type { FreshPg } from '../../../../test/servers/database.ts'
import { installControl } from '../../src/control/install.ts'
import { claimMigration } from '../../src/control/migration-row.ts'
import type { Claim } from '../../src/control/migration-row.ts'
import type { Json, Plan } from '../../src/model.ts'
import { openTarget } from '../../src/target/connect.ts'
import type { Target } from '../../src/target/connect.ts'

export interface Opened {
  target: Target
  database: FreshPg
}

/** Opens the fresh database as its owner; everything is closed and dropped after the test. */
export async function opened(
  name: PostgresName,
  options: { connections?: number; signal?: AbortSignal } = {},
): Promise<Opened> {
  const database = await freshPg(name)
  const signal = options.signal ?? new AbortController().signal
  const target = await openTarget(database.url, { connections: options.connections ?? 4, signal })
  onTestFinished(() => target.close())
  return { target, database }
}

export function claimOf(plan: Plan, target: Target, more: Partial<Claim> = {}): Claim {
  return {
    name: plan.migration,
    planHash: 'hash-1',
    planJson: plan as unknown as Json,
    source: {
      engine: 'mysql',
      product: 'MariaDB',
      version: '10.11',
      database: 'plant',
      identity: 'source-1',
      readOnly: true,
      bytes: null,
    },
    targetIdentity: target.info.identity,
    tool: '0.0.0',
    firstDifference: () => null,
    ...more,
  }
}

export async function claimed(name: PostgresName, plan: Plan): Promise<Opened & { migrationId: number }> {
  const { target, database } = await opened(name)
  const session = await target.session()
  await installControl(session)
  const { migrationId } = await claimMigration(session, claimOf(plan, target))
  await session.release()
  return { target, database, migrationId }
}
