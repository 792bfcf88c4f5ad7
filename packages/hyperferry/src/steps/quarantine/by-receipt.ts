/** Things of one receipt together, in the order they came. */
export function byReceipt<T>(list: readonly T[], receiptOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const receipt = receiptOf(one)
    const same = groups.get(receipt)
    if (same === undefined) groups.set(receipt, [one])
    else same.push(one)
  }
  return groups
}
