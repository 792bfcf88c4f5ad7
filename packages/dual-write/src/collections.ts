/** The declared collections with the value contract of the plan, once there is one. */
import type { Collections } from './collection.ts'
import { compileCollection } from './contract/compile.ts'
import type { CompiledCollection } from './contract/compile.ts'
import { DeclarationError } from './errors.ts'
import type { CollectionContract, Contract } from './model.ts'

export interface Contracts {
  readonly hash: string
  readonly contract: Contract
  /** By source table: every table of the contract, so that records of other processes can be delivered too. */
  readonly tables: ReadonlyMap<string, CompiledCollection>
}

/** Compiles the contract and checks the declarations against it. Throws DeclarationError. */
export function compileContract(contract: Contract, hash: string, declared: Collections): Contracts {
  const { engine, timezone } = contract
  const tables = new Map<string, CompiledCollection>()
  for (const { table, key, time } of Object.values(declared)) {
    const planned = contract.collections.find((each) => each.source === table)
    if (planned === undefined) {
      const known = contract.collections.map(({ source }) => source).join(', ')
      throw new DeclarationError(`table "${table}" is no time series of the plan (there are: ${known || 'none'})`)
    }
    mustAgree(planned, { key, time })
    tables.set(table, compileCollection(planned, { engine, timezone }))
  }
  for (const planned of contract.collections) {
    if (!tables.has(planned.source)) tables.set(planned.source, compileCollection(planned, { engine, timezone }))
  }
  return { hash, contract, tables }
}

function mustAgree(
  planned: CollectionContract,
  declared: { key: readonly string[] | undefined; time: string | undefined },
): void {
  const sourceName = (target: string): string => planned.columns.find(({ name }) => name === target)?.source ?? target
  const key = planned.key?.map(sourceName) ?? null
  if (declared.key !== undefined && declared.key.toSorted().join() !== key?.toSorted().join()) {
    throw new DeclarationError(
      `table "${planned.source}": the key is declared as (${declared.key.join(', ')}), the plan says ${key === null ? 'none' : `(${key.join(', ')})`}`,
    )
  }
  const time = planned.time && sourceName(planned.time.column)
  if (declared.time !== undefined && declared.time !== time) {
    throw new DeclarationError(
      `table "${planned.source}": the time column is declared as ${declared.time}, the plan says ${time ?? 'none'}`,
    )
  }
}
