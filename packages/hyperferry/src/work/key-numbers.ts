/** Numbers for strings of bytes, from 0 on in the order in which they are first seen: a hash table with open addressing, since a Map wants a text for each. */
export class KeyNumbers {
  /** Bytes of the known keys, one after the other; `ends[n]` is where key n stops. */
  #known = Buffer.alloc(4096)
  #ends = new Uint32Array(64)
  #count = 0
  /** Number of a key plus one; 0 is free. Never more than half full. */
  #slots = new Uint32Array(256)

  /** How many different ones were seen. */
  get count(): number {
    return this.#count
  }

  /** Of the first `size` bytes of `key`. The same bytes have the same number. */
  numberOf(key: Uint8Array, size: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hashOf(key, 0, size) & mask
    for (let found = slots[slot] ?? 0; found !== 0; found = slots[slot] ?? 0) {
      if (this.#isKey(found - 1, key, size)) return found - 1
      slot = (slot + 1) & mask
    }
    slots[slot] = this.#count + 1
    return this.#learn(key, size)
  }

  #isKey(number: number, key: Uint8Array, size: number): boolean {
    const start = this.#startOf(number)
    if ((this.#ends[number] ?? 0) - start !== size) return false
    const known = this.#known
    for (let at = 0; at < size; at += 1) if (known[start + at] !== key[at]) return false
    return true
  }

  #startOf(number: number): number {
    return number === 0 ? 0 : (this.#ends[number - 1] ?? 0)
  }

  #learn(key: Uint8Array, size: number): number {
    const number = this.#count
    const start = this.#startOf(number)
    const end = start + size
    if (end > this.#known.length) {
      const wider = Buffer.alloc(Math.max(end, this.#known.length * 2))
      this.#known.copy(wider)
      this.#known = wider
    }
    this.#known.set(key.subarray(0, size), start)
    if (number === this.#ends.length) {
      const more = new Uint32Array(number * 2)
      more.set(this.#ends)
      this.#ends = more
    }
    this.#ends[number] = end
    this.#count += 1
    if (this.#count * 2 > this.#slots.length) this.#spread()
    return number
  }

  /** Twice the slots; every key finds a new one. */
  #spread(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let number = 0; number < this.#count; number += 1) {
      let slot = hashOf(this.#known, this.#startOf(number), this.#ends[number] ?? 0) & mask
      while ((slots[slot] ?? 0) !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    }
    this.#slots = slots
  }
}

/** FNV-1a of 32 bits (Fowler, Noll, Vo), its upper half folded into the lower one, which is what is used of it. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash ^ (hash >>> 16)
}
