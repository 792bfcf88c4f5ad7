/** Counts what lossy rules changed; a row that is rejected in the end has lost nothing. */
import type { Loss } from '../../model.ts'
import type { LossCode } from '../../values/reject-codes.ts'

export class LossCounter {
  private counted = new Map<string, Loss>()
  private pending: { code: LossCode; column: string }[] = []

  add(code: LossCode, column: string): void {
    this.pending.push({ code, column })
  }

  /** The row is sent. A value is counted once per code however often its rule applied. */
  rowKept(): void {
    if (this.pending.length === 0) return
    const seen = new Set<string>()
    for (const { code, column } of this.pending) {
      const key = `${code} ${column}`
      if (seen.has(key)) continue
      seen.add(key)
      const loss = this.counted.get(key)
      if (loss) loss.count += 1
      else this.counted.set(key, { code, column, count: 1 })
    }
    this.pending = []
  }

  rowRejected(): void {
    if (this.pending.length > 0) this.pending = []
  }

  /** Hands over and starts anew. */
  take(): Loss[] {
    const losses = [...this.counted.values()]
    this.counted = new Map()
    return losses
  }
}
