/** Getting known in the control schema. */
import { compileContract } from './collections.ts'
import type { WriterContext } from './context.ts'
import { contractNumber } from './control.ts'
import { DeclarationError } from './errors.ts'
import { hear } from './heartbeat.ts'
import { VERSION } from './version.ts'

/**
 * Registers this process; earlier ones with the same journal end by it. Throws what the control schema or the connection throws, and ContractNumberError.
 * Where no migration was begun yet nothing happens: the writer stays a pass-through, and asks again later.
 */
export async function register(ctx: WriterContext, facts: Record<string, unknown>): Promise<'registered' | 'absent'> {
  const { control, journal, settings } = ctx
  const registration = {
    name: settings.name,
    incarnation: crypto.randomUUID(),
    journal: journal.id,
    library: VERSION,
    facts: { ...facts, markers: ctx.markers },
  }
  try {
    const { writerId, state, contract } = await control.register(settings.migration, registration)
    ctx.writerId = writerId
    if (state !== null && contract !== null) adopt(ctx, contract, state.contractHash)
    await hear(ctx, state)
    return 'registered'
  } catch (error) {
    const trouble = control.trouble(error)
    if (trouble === 'contract') throw contractNumber(error)
    // Only a writer that was never told of any stage may take this for "nothing was begun".
    if (trouble === 'absent' && ctx.roles.state === null) return 'absent'
    throw error
  }
}

function adopt(ctx: WriterContext, contract: Parameters<typeof compileContract>[0], hash: string): void {
  try {
    ctx.contracts = compileContract(contract, hash, ctx.settings.collections)
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error
    ctx.problem = error.message
    ctx.settings.onEvent({ kind: 'problem', message: error.message })
  }
}
