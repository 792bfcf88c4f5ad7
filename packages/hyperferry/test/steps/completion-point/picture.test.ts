// What `--explain` shows has T in it, and the time before anybody wrote to both.
import { expect, it } from 'vitest'
import { windowOf } from '../../../src/steps/completion-point/picture.ts'

const SECOND = 1_000_000n
const NOW = BigInt(Date.UTC(2026, 5, 1, 12, 34, 56)) * 1000n

it('coverage and everything after it is inside, and the picture is not much longer than that', () => {
  const ages: bigint[] = []
  for (let tenths = 0n; tenths <= 600n; tenths += 1n) ages.push((tenths * SECOND) / 10n)
  for (let seconds = 60n; seconds < 100n * 86_400n; seconds += 1n + seconds / 50n) ages.push(seconds * SECOND + 1n)
  for (const now of [NOW, NOW + 1n, NOW + 3n * SECOND - 1n]) {
    for (const age of ages) {
      const { start, width } = windowOf({ coverage: now - age, now })
      const said = `${age} us`
      expect(start, said).toBeLessThan(now - age)
      expect(start + 12n * width, said).toBeGreaterThan(now)
      expect(start + 11n * width, said).toBeLessThanOrEqual(now)
      // A bar for what took seconds is not a day.
      expect(12n * width, said).toBeLessThanOrEqual(8n * age + 12n * SECOND)
    }
  }
})
