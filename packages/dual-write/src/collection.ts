/** What an application declares of a table it writes. */

declare const rowType: unique symbol

/** A table whose rows are only ever inserted. `Row` is what `write()` takes for it: an object by the source's column names. */
export interface Collection<Row extends object = Record<string, unknown>> {
  /** Table in the source. Its name, types and key in the target come from the plan. */
  readonly table: string
  /** Columns that tell rows apart; checked against the plan. */
  readonly key?: readonly string[]
  /** Time column; checked against the plan. */
  readonly time?: string
  /** Only for the compiler. */
  readonly [rowType]?: Row | undefined
}

export type Collections = Readonly<Record<string, Collection<object>>>

export type RowOf<C> = C extends { readonly [rowType]?: infer Row } ? NonNullable<Row> : never

/** Declares a collection: `collection<Reading>({ table: 'reading', key: ['device_id', 'ts'], time: 'ts' })`. */
export function collection<Row extends object = Record<string, unknown>>(
  declared: Omit<Collection<Row>, typeof rowType>,
): Collection<Row> {
  return declared
}
