/** The value contract of one collection, compiled: from rows as an application gives them to the one value that both stores get (docs/design/0010). */
import { ContractError, DeclarationError } from '../errors.ts'
import type { Cell, CollectionContract, ContractColumn, OpRecord } from '../model.ts'
import { Refusal } from './codec.ts'
import type { Codec, LossCode } from './codec.ts'
import { columnsGiven, fillOf } from './fill.ts'
import { codecOf } from './columns.ts'
import { parseSourceType } from './source-type.ts'
import { parseTargetType } from './target-type.ts'
import { compileZone } from './zone.ts'

type Given = Readonly<Record<string, unknown>>
type Shape = Pick<OpRecord, 'columns' | 'rows'>

export interface CompiledCollection {
  readonly contract: CollectionContract
  /** The values of both stores, columns by their source names. All rows or none: throws ContractError for the first that has no such value. */
  normalise(rows: readonly Given[]): Shape
  /** As the source's driver takes them. `key`: names of the source, when every row has all of it; `capture`: the identity column no row gives. */
  toSource(record: Shape): {
    columns: string[]
    rows: unknown[][]
    key: string[] | null
    capture: string | null
    /** Some column is read and written in the session's zone, which has to be UTC. */
    utc: boolean
  }
  /** As PostgreSQL's input functions read them, columns by their target names. */
  toTarget(record: Shape): { columns: string[]; types: string[]; rows: (string | null)[][]; key: string[] | null }
  /** Of each row (see model.ts); empty when the collection has no time. */
  instants(record: Shape): bigint[]
  /** Times a rule changed a value, by column and code, since the start. */
  readonly losses: ReadonlyMap<string, ReadonlyMap<LossCode, number>>
}

interface Column extends ContractColumn {
  codec: Codec
  isUtc: boolean
}

/** Throws DeclarationError for a column that has no rule for live writes. */
export function compileCollection(
  contract: CollectionContract,
  options: { engine: 'mysql' | 'sqlite'; timezone: string },
): CompiledCollection {
  return new Compiled(contract, options)
}

class Compiled implements CompiledCollection {
  readonly contract: CollectionContract
  readonly losses = new Map<string, Map<LossCode, number>>()
  readonly #columns: ReadonlyMap<string, Column>
  readonly #time: Column | null
  readonly #engine: 'mysql' | 'sqlite'
  /** Of the call that is being normalised, by column and code; `row` is the last one that counted. */
  readonly #lost = new Map<string, { column: string; code: LossCode; row: number; count: number }>()
  #row = 0

  constructor(contract: CollectionContract, options: { engine: 'mysql' | 'sqlite'; timezone: string }) {
    this.contract = contract
    this.#engine = options.engine
    this.#columns = new Map(
      contract.columns
        .filter(({ fill }) => fill.kind !== 'generated')
        .map((column) => [column.source, this.#compile(column, options)]),
    )
    this.#time = [...this.#columns.values()].find(({ name }) => name === contract.time?.column) ?? null
  }

  normalise(rows: readonly Given[]): Shape {
    const given = columnsGiven(rows, this.contract, this.#engine)
    const fills = given.map((column) => fillOf(column, this.#column(column.source).codec))
    this.#lost.clear()
    const cells = rows.map((row, index) =>
      given.map((column, place): Cell => {
        const value = row[column.source] === undefined ? fills[place]?.() : row[column.source]
        return this.#cell(column, value, index)
      }),
    )
    // A call that is refused has lost nothing.
    for (const lost of this.#lost.values()) this.#lose(lost)
    return { columns: given.map((column) => column.source), rows: cells }
  }

  toSource({ columns, rows }: Shape): ReturnType<CompiledCollection['toSource']> {
    const used = columns.map((name) => this.#column(name))
    const identity = this.contract.columns.find(({ fill }) => fill.kind === 'identity')
    return {
      columns: [...columns],
      rows: rows.map((row) => used.map(({ codec }, place) => forDriver(row[place], (cell) => codec.source(cell)))),
      key: this.#key(columns, rows, 'source'),
      capture: identity === undefined || columns.includes(identity.source) ? null : identity.source,
      utc: used.some(({ isUtc }) => isUtc),
    }
  }

  toTarget({ columns, rows }: Shape): ReturnType<CompiledCollection['toTarget']> {
    const used = columns.map((name) => this.#column(name))
    return {
      columns: used.map(({ name }) => name),
      types: used.map(({ type }) => type),
      rows: rows.map((row) => used.map(({ codec }, place) => forDriver(row[place], (cell) => codec.target(cell)))),
      key: this.#key(columns, rows, 'name'),
    }
  }

  instants({ columns, rows }: Shape): bigint[] {
    const time = this.#time
    const place = time === null ? -1 : columns.indexOf(time.source)
    if (time === null || place === -1) return []
    return rows.flatMap((row) => {
      const cell = row[place]
      return cell == null || time.codec.instant === undefined ? [] : [time.codec.instant(cell)]
    })
  }

  #compile(column: ContractColumn, { engine, timezone }: { engine: 'mysql' | 'sqlite'; timezone: string }): Column {
    const target = parseTargetType(column.type)
    const { source: table, time, key } = this.contract
    if (target === null) throw new DeclarationError(`${table}.${column.source}: no rule for type ${column.type}`)
    const isTime = time?.column === column.name
    const source = parseSourceType(column.sourceType)
    const context = {
      column,
      source,
      target,
      zone: compileZone(
        source.base === 'timestamp' && engine === 'mysql' ? 'UTC' : (column.rules.timezone ?? timezone),
      ),
      required: !column.nullable || isTime || (key?.includes(column.name) ?? false),
      unit: column.rules.unit ?? (isTime ? (time?.unit ?? null) : null),
      lose: (code: LossCode) => this.#note(column.source, code),
    }
    try {
      return { ...column, codec: codecOf(context, engine), isUtc: engine === 'mysql' && source.base === 'timestamp' }
    } catch (error) {
      if (error instanceof DeclarationError) throw new DeclarationError(`table ${table}: ${error.message}`)
      throw error
    }
  }

  #cell(column: Column | ContractColumn, value: unknown, row: number): Cell {
    const { source, time } = this.contract
    const at = { collection: source, column: column.source, row }
    const compiled = this.#column(column.source)
    this.#row = row
    try {
      const cell = value === null || value === undefined ? null : compiled.codec.cell(value)
      if (cell === null && (!column.nullable || time?.column === column.name)) throw new Refusal('NULL')
      return cell
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new ContractError(`${source}.${column.source}, row ${row}: ${error.message}`, at)
    }
  }

  #column(name: string): Column {
    const column = this.#columns.get(name)
    if (column === undefined)
      throw new DeclarationError(`table ${this.contract.source}: no column ${name} in the contract`)
    return column
  }

  /** Only a key that every row has in full can tell rows apart. */
  #key(columns: readonly string[], rows: readonly Cell[][], as: 'source' | 'name'): string[] | null {
    const names = this.contract.key
    if (names === null) return null
    const parts = names.map((name) => [...this.#columns.values()].find((column) => column.name === name))
    const places = parts.map((part) => (part === undefined ? -1 : columns.indexOf(part.source)))
    if (places.includes(-1) || rows.some((row) => places.some((place) => row[place] === null))) return null
    return parts.flatMap((part) => (part === undefined ? [] : [part[as]]))
  }

  /** A value is counted once for a code, however often its rule applied. */
  #note(column: string, code: LossCode): void {
    const id = `${code} ${column}`
    const lost = this.#lost.get(id) ?? { column, code, row: -1, count: 0 }
    if (lost.row !== this.#row) lost.count += 1
    lost.row = this.#row
    this.#lost.set(id, lost)
  }

  #lose({ column, code, count }: { column: string; code: LossCode; count: number }): void {
    const counts = this.losses.get(column) ?? new Map<LossCode, number>()
    counts.set(code, (counts.get(code) ?? 0) + count)
    this.losses.set(column, counts)
  }
}

function forDriver<T>(cell: Cell | undefined, give: (cell: Exclude<Cell, null>) => T): T | null {
  return cell === null || cell === undefined ? null : give(cell)
}
