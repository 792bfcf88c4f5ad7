/** One JSON document: counts are numbers when safe, strings otherwise. */
export function toJson(document: unknown): string {
  return JSON.stringify(
    document,
    (_key, value: unknown) => {
      if (typeof value !== 'bigint') return value
      const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
      return safe ? Number(value) : value.toString()
    },
    2,
  )
}
