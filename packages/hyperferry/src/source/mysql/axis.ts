/** The axis of one table: slices as SQL conditions, extent, and boundaries found by walking the index. */
import { HyperferryError } from '../../errors.ts'
import type { PlannedTable, Slice, SourceTable } from '../../model.ts'
import { axisScale } from './axis-position.ts'
import type { AxisScale } from './axis-position.ts'
import { parseColumnType } from './column-type.ts'
import { ident } from './quote.ts'
import type { Session } from './session.ts'

/** Another way to a range than the axis's own index. */
export interface Access {
  index: string
  /** True for all rows of the table. */
  condition: string
}

export interface Axis {
  /** What follows `FROM table` for the slice: nothing, or index and ` WHERE …`. Every row of the table is in exactly one slice of a partition of the axis. */
  where(slice: Slice, access?: Access | null): string
  extent(session: Session): Promise<{ min: bigint; max: bigint } | null>
  advance(session: Session, from: bigint | null, rows: number): Promise<bigint | null>
}

/** Throws HF-P021 when the plan's axis is no longer there, HF-P023 when it cannot be one. */
export function compileAxis(table: PlannedTable, live: SourceTable): Axis {
  if (table.axis === null || table.split === 'all') return whole(table.source)
  const column = live.columns.find((one) => one.name === table.axis)
  if (!column)
    throw new HyperferryError('HF-P021', { what: `column ${table.source}.${table.axis} is missing in the source` })
  const scale = axisScale(parseColumnType(column.type))
  if (!scale) {
    throw new HyperferryError('HF-P023', {
      what: `${table.source}: a column of type ${column.type} cannot be an axis`,
      hint: 'Set split: all, or name an integer, DATE, DATETIME or TIMESTAMP column as axis.',
    })
  }
  return new ColumnAxis(live, column.name, scale, column.nullable)
}

function whole(table: string): Axis {
  return {
    where(slice) {
      if (slice.kind === 'residual') return ' WHERE FALSE'
      if (slice.kind === 'range' && (slice.from !== null || slice.to !== null)) {
        throw new HyperferryError('HF-P023', { what: `${table} has no axis to cut a range from` })
      }
      return ''
    },
    extent: () => Promise.resolve(null),
    advance: () => Promise.resolve(null),
  }
}

class ColumnAxis implements Axis {
  readonly #from: string
  /** ` FORCE INDEX …`, or nothing. */
  readonly #hint: string
  readonly #walk: string
  readonly #column: string
  readonly #scale: AxisScale
  readonly #nullable: boolean

  // eslint-disable-next-line max-params -- made in one place
  constructor(live: SourceTable, column: string, scale: AxisScale, nullable: boolean) {
    const index = leadingIndex(live, column)
    this.#from = ` FROM ${ident(live.name)}`
    // Without the hint a long OFFSET may be answered by sorting the whole table, and a slice of a tenth by reading all of it.
    this.#hint = index === null ? '' : forced(index)
    this.#walk = `${this.#from}${this.#hint}`
    this.#column = ident(column)
    this.#scale = scale
    this.#nullable = nullable
  }

  where(slice: Slice, access: Access | null = null): string {
    switch (slice.kind) {
      case 'all':
        return ''
      case 'residual':
        // `IS NULL` on a NOT NULL date column finds 0000-00-00, which belongs to a range.
        return ` WHERE ${this.#nullable ? `${this.#column} IS NULL` : 'FALSE'}`
      case 'range': {
        const open = slice.from === null && slice.to === null
        const hint = access === null ? this.#hint : forced(access.index)
        return `${open ? '' : hint}${conditions([
          open ? null : (access?.condition ?? null),
          slice.from === null ? null : this.#scale.atLeast(this.#column, slice.from),
          slice.to === null ? null : this.#scale.below(this.#column, slice.to),
          // `TRUE` and `FALSE` stand for bounds beyond the type; they must not let NULL in.
          this.#notNull(),
        ])}`
      }
    }
  }

  async extent(session: Session): Promise<{ min: bigint; max: bigint } | null> {
    const [[min, max] = []] = await session.query(
      `SELECT MIN(${this.#column}), MAX(${this.#column})${this.#walk}${conditions([this.#scale.real(this.#column)])}`,
    )
    if (min === null || min === undefined || max === null || max === undefined) return null
    return { min: this.#scale.parse(min), max: this.#scale.parse(max) }
  }

  async advance(session: Session, from: bigint | null, rows: number): Promise<bigint | null> {
    const lower = from === null ? this.#notNull() : this.#scale.atLeast(this.#column, from)
    const at = async (condition: string | null, offset: number): Promise<string | null> => {
      const found = await session.query(
        `SELECT ${this.#column}${this.#walk}${conditions([condition])} ORDER BY ${this.#column} LIMIT 1 OFFSET ${offset}`,
      )
      return found[0]?.[0] ?? null
    }
    let value = await at(lower, Math.max(1, rows))
    if (value === null) return null
    const first = await at(lower, 0)
    let position = this.#scale.parse(value)
    // All rows up to here share one position: the boundary comes after them.
    while (value === first || (from !== null && position <= from)) {
      value = await at(`${this.#column} > ${this.#literalOf(value)}`, 0)
      if (value === null) return null
      position = this.#scale.parse(value)
      if (from === null || position > from) break
    }
    return position
  }

  #notNull(): string | null {
    return this.#nullable ? `${this.#column} IS NOT NULL` : null
  }

  #literalOf(value: string): string {
    return this.#scale.kind === 'integer' ? value : `'${value.replaceAll(/[^\d :.-]/g, '')}'`
  }
}

function forced(index: string): string {
  return ` FORCE INDEX (${ident(index)})`
}

function conditions(parts: readonly (string | null)[]): string {
  const given = [...new Set(parts.filter((part) => part !== null))]
  return given.length === 0 ? '' : ` WHERE ${given.join(' AND ')}`
}

/** Name of an index whose first part is the whole column; the primary key before others. */
export function leadingIndex(table: SourceTable, column: string): string | null {
  if (table.primaryKey[0] === column) return 'PRIMARY'
  const index = table.indexes.find(
    ({ kind, parts: [part] }) => kind === 'btree' && part?.column === column && part.prefix === null,
  )
  return index?.name ?? null
}
