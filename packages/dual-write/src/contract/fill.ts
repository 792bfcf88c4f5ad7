/** Columns that a row does not name: both stores have to get the same, so the library gives it, or the row has to. */
import { randomUUID } from 'node:crypto'
import { ContractError } from '../errors.ts'
import type { Codec } from './codec.ts'
import type { CollectionContract, ContractColumn } from '../model.ts'

type Given = Readonly<Record<string, unknown>>

/** The columns of a call, in the contract's order: those that some row names, and those that have to be filled. Throws ContractError. */
export function columnsGiven(
  rows: readonly Given[],
  contract: CollectionContract,
  engine: 'mysql' | 'sqlite',
): ContractColumn[] {
  const { source, columns } = contract
  const known = new Set(columns.map((column) => column.source))
  for (const [row, values] of rows.entries()) {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue
      if (!known.has(name)) throw refused(`the contract has no column ${name}`, { source, column: name, row })
    }
  }
  return columns.filter((column) => {
    const given = rows.filter((row) => isGiven(row[column.source], column, engine)).length
    return isNeeded(column, { some: given > 0, all: given === rows.length }, contract)
  })
}

/** NULL in an identity column asks for the next number, in MySQL 0 too. */
function isGiven(value: unknown, { fill }: ContractColumn, engine: 'mysql' | 'sqlite'): boolean {
  if (value === undefined) return false
  if (fill.kind !== 'identity') return true
  return value !== null && !(engine === 'mysql' && (value === 0 || value === 0n || value === '0'))
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

/** What stands in for a missing value. The codec may say how the column writes the present; else it is a Date. */
export function fillOf({ fill }: ContractColumn, codec: Pick<Codec, 'now'>): () => unknown {
  switch (fill.kind) {
    case 'literal':
      return () => fill.value
    case 'now': {
      // One instant for all rows of a call, as a database would have it.
      const at = new Date()
      const step = 10 ** (3 - Math.min(fill.precision, 3))
      at.setTime(Math.floor(at.getTime() / step) * step)
      const value = codec.now === undefined ? at : codec.now(at)
      return () => value
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
