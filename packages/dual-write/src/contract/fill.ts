/** Columns that a row does not name: both stores have to get the same, so the library gives it, or the row has to. */
import { randomUUID } from 'node:crypto'
import { ContractError } from '../errors.ts'
import type { CollectionContract, ContractColumn } from '../model.ts'

/** The columns of a call, in the contract's order: those that some row names, and those that have to be filled. Throws ContractError. */
export function columnsGiven(
  rows: readonly Readonly<Record<string, unknown>>[],
  contract: CollectionContract,
): ContractColumn[] {
  const { source, columns } = contract
  const known = new Set(columns.map((column) => column.source))
  const given = new Set<string>()
  for (const [row, values] of rows.entries()) {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue
      if (!known.has(name)) throw refused(`the contract has no column ${name}`, { source, column: name, row })
      given.add(name)
    }
  }
  return columns.filter((column) => {
    const all = rows.every((row) => row[column.source] !== undefined)
    return isNeeded(column, { some: given.has(column.source), all }, contract)
  })
}

function isNeeded(
  column: ContractColumn,
  { some, all }: { some: boolean; all: boolean },
  { source }: CollectionContract,
): boolean {
  const at = { source, column: column.source, row: 0 }
  switch (column.fill.kind) {
    case 'generated':
      if (some) throw refused('a generated column cannot be given', at)
      return false
    case 'identity':
      if (some && !all) throw refused('either every row gives the identity or none does', at)
      return some
    case 'expression':
      if (!all) throw refused('its default is an expression of the source: every row has to give it', at)
      return true
    case 'none':
      if (!all && !column.nullable) throw refused('it has no default: every row has to give it', at)
      return some
    default:
      return true
  }
}

/** What stands in for a missing value. */
export function fillOf({ fill }: ContractColumn): (source: string, row: number) => unknown {
  switch (fill.kind) {
    case 'literal':
      return () => fill.value
    case 'now': {
      // One instant for all rows of a call, as a database would have it.
      const now = new Date()
      return () => now
    }
    case 'uuid':
      return () => randomUUID()
    default:
      return () => null
  }
}

function refused(
  message: string,
  { source, column, row }: { source: string; column: string; row: number },
): ContractError {
  return new ContractError(`${source}.${column}, row ${row}: ${message}`, { collection: source, column, row })
}
