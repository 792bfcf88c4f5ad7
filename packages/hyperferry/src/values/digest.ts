/** Digest of a multiset of rows (docs/design/0003): order-free, sees duplicates, adds up. */
import { HyperferryError } from '../errors.ts'
import { murmur3 } from './murmur3.ts'
import type { Normaliser } from './normalise.ts'
import { viewOf } from './view-of.ts'

const SEED = 0x48460001
const MASK = 0xffff_ffff_ffff_ffffn
/** A sum of 32-bit words stays a safe integer for this many rows. */
const ROWS_PER_FOLD = 2 ** 20

/** Row count and four sums modulo 2^64 of the words of the rows' hashes. */
export class Digest {
  /** Number of rows added. */
  rows = 0
  private readonly sums: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n]
  private readonly words = new Uint32Array(4)
  // Plain numbers for the row path; folded into the exact sums before they can lose a bit.
  private s0 = 0
  private s1 = 0
  private s2 = 0
  private s3 = 0
  private pending = 0

  /** Adds one normalised tuple. */
  add(view: DataView, start: number, end: number): void {
    const { words } = this
    murmur3(view, start, end, SEED, words)
    this.s0 += words[0] ?? 0
    this.s1 += words[1] ?? 0
    this.s2 += words[2] ?? 0
    this.s3 += words[3] ?? 0
    this.rows += 1
    this.pending += 1
    if (this.pending === ROWS_PER_FOLD) this.fold()
  }

  /** Adds another digest, or its text. @throws HyperferryError HF-V002 for a text of another version. */
  merge(other: Digest | string): void {
    const added = typeof other === 'string' ? Digest.parse(other) : other
    added.fold()
    this.fold()
    this.rows += added.rows
    for (const i of [0, 1, 2, 3] as const) this.sums[i] = (this.sums[i] + added.sums[i]) & MASK
  }

  equals(other: Digest | string): boolean {
    return this.toString() === String(other)
  }

  /** `hf1:<rows>:<w0>:<w1>:<w2>:<w3>` in hex, the words with 16 digits. */
  toString(): string {
    this.fold()
    return ['hf1', this.rows.toString(16), ...this.sums.map((sum) => sum.toString(16).padStart(16, '0'))].join(':')
  }

  /** @throws HyperferryError HF-V002 when it is not the text of a digest of this version. */
  static parse(text: string): Digest {
    const match = /^hf1:([0-9a-f]{1,13}):([0-9a-f]{16}):([0-9a-f]{16}):([0-9a-f]{16}):([0-9a-f]{16})$/.exec(text)
    if (!match) throw new HyperferryError('HF-V002', { what: `not a digest of this version: ${text.slice(0, 100)}` })
    const digest = new Digest()
    digest.rows = Number.parseInt(match[1] ?? '', 16)
    for (const i of [0, 1, 2, 3] as const) digest.sums[i] = BigInt(`0x${match[i + 2] ?? ''}`)
    return digest
  }

  private fold(): void {
    if (this.pending === 0) return
    const parts = [this.s0, this.s1, this.s2, this.s3]
    for (const i of [0, 1, 2, 3] as const) this.sums[i] = (this.sums[i] + BigInt(parts[i] ?? 0)) & MASK
    this.s0 = 0
    this.s1 = 0
    this.s2 = 0
    this.s3 = 0
    this.pending = 0
  }
}

/** Adds every tuple of a batch, in normal form. `ends[i]` is where tuple i stops. */
export function digestBatch(d: Digest, n: Normaliser, bytes: Uint8Array, ends: Uint32Array): void {
  const view = viewOf(bytes)
  let start = 0
  if (n.identity) {
    for (const end of ends) {
      d.add(view, start, end)
      start = end
    }
    return
  }
  for (const end of ends) {
    const length = n.normalise(bytes, start, end)
    if (length === 0) d.add(view, start, end)
    else d.add(n.scratch.view, 0, length)
    start = end
  }
}

/** The hash of one row in 32 hex digits, for finding the rows that differ. */
export function rowHash(n: Normaliser, bytes: Uint8Array, start: number, end: number): string {
  const words = new Uint32Array(4)
  const view = viewOf(bytes)
  const length = n.identity ? 0 : n.normalise(bytes, start, end)
  if (length === 0) murmur3(view, start, end, SEED, words)
  else murmur3(n.scratch.view, 0, length, SEED, words)
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')
}
