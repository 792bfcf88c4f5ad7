/** How far this machine's clock is from the target's: of the last answers the one with the shortest round trip tells it best. */

/** Microseconds since 1970-01-01 by this machine. */
export function nowUs(): bigint {
  return BigInt(Date.now()) * 1000n
}

const KEPT = 32

export class ClockOffset {
  readonly #samples: { offsetUs: number; errorUs: number }[] = []

  /** One answer: when the question left and the answer came (this machine), and the time in it. */
  sample(sentUs: bigint, serverUs: bigint, receivedUs: bigint): void {
    const errorUs = Number(receivedUs - sentUs) / 2
    this.#samples.push({
      offsetUs: Math.round(Number(sentUs - serverUs) + errorUs),
      errorUs: Math.ceil(errorUs) + 1000,
    })
    if (this.#samples.length > KEPT) this.#samples.shift()
  }

  /** This clock minus the target's, and by how much that may be wrong; null before the first answer. A clock that jumps shows within 32 answers. */
  get best(): { offsetUs: number; errorUs: number } | null {
    return this.#samples.reduce<{ offsetUs: number; errorUs: number } | null>(
      (best, each) => (best === null || each.errorUs < best.errorUs ? each : best),
      null,
    )
  }
}
