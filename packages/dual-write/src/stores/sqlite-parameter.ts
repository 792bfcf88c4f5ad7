/** A value as SQLite takes it: it has no booleans, and its drivers no `undefined`. */
export function parameter(value: unknown): unknown {
  return typeof value === 'boolean' ? Number(value) : (value ?? null)
}
