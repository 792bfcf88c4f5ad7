import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lockFolder } from '../../src/journal/lock.ts'
import { ownProcess, verdictOn } from '../../src/journal/owner.ts'
import { child } from './processes.ts'
import { folder } from './stage.ts'

const locks = (dir: string): string[] => readdirSync(dir).filter((name) => /^lock\.\d+$/.test(name))
const quick = { touch: 50, silence: 1500 }

test(
  'of processes that start at the same moment, one gets the journal: over nothing, over a dead one, over a closed one',
  { timeout: 120_000 },
  async () => {
    const dir = folder()
    for (const before of ['nothing', 'dead', 'closed']) {
      if (before === 'dead') {
        const hammer = child('hammer-child.ts', [dir, 0])
        await hammer.ready
        hammer.kill()
        await hammer.ended
      }
      const at = Date.now() + 300
      const all = Array.from({ length: 4 }, () => child('lock-child.ts', [dir, at, 0]))
      await Promise.all(all.map(({ ready }) => ready))
      expect(all.map(({ said }) => said()).toSorted(), before).toEqual([...Array(3).fill('HF-DW06'), 'open'])
      writeFileSync(join(dir, 'end'), '')
      await Promise.all(all.map(({ ended }) => ended))
      rmSync(join(dir, 'end'))
      expect(locks(dir)).toHaveLength(1)
    }
  },
)

test('of many that come and go quickly, no two ever have it at once', { timeout: 120_000 }, async () => {
  const dir = folder()
  const start = Date.now() + 500
  const all = Array.from({ length: 10 }, (_, i) => child('lock-child.ts', [dir, start + (i % 8) * 60, 25]).ended)
  const held = (await Promise.all(all)).flatMap((text) => {
    const [how, from, to] = text.split(' ')
    expect(['open', 'HF-DW06']).toContain(how)
    return how === 'open' ? [[Number(from), Number(to)] as const] : []
  })
  held.sort(([a], [b]) => a - b)
  for (const [index, [from]] of held.entries()) if (index > 0) expect(from).toBeGreaterThanOrEqual(held[index - 1]![1])
  expect(held.length).toBeGreaterThan(0)
  // However few found it free: it is, when all have gone.
  expect(await child('lock-child.ts', [dir, 0, 25]).ended).toMatch(/^open /)
})

test('knows processes apart that have the same number', () => {
  const own = ownProcess()
  expect(verdictOn(own)).toBe('alive')
  expect(verdictOn({ ...own, start: String(Number(own.start) - 1) })).toBe('dead')
  expect(verdictOn({ ...own, pid: 2 ** 22 + 1 })).toBe('dead')
  for (const far of [{ host: 'elsewhere' }, { boot: 'another' }, { namespace: 'pid:[1]' }])
    expect(verdictOn({ ...own, ...far })).toBe('unknown')
})

test('of a process that cannot be looked at, it waits for a sign of life', async () => {
  const dir = folder()
  const foreign = join(dir, 'lock.7')
  writeFileSync(foreign, JSON.stringify({ ...ownProcess(), host: 'elsewhere' }))
  const timer = setInterval(() => utimesSync(foreign, Date.now() / 1000, Date.now() / 1000), 30)
  onTestFinished(() => clearInterval(timer))
  await expect(lockFolder(dir, quick)).rejects.toMatchObject({
    code: 'HF-DW06',
    message: expect.stringContaining('elsewhere'),
  })
  clearInterval(timer)
  const lock = await lockFolder(dir, quick)
  expect(locks(dir)).toEqual(['lock.8'])
  lock.release()
})

test('whoever stood still so long that another one took over hears of it, and leaves the new lock alone', async () => {
  const dir = folder()
  const lock = await lockFolder(dir, quick)
  expect(lock.isLost).toBe(false)
  writeFileSync(join(dir, 'lock.2'), JSON.stringify({ ...ownProcess(), host: 'elsewhere' }))
  await expect.poll(() => lock.isLost).toBe(true)
  lock.release()
  expect(readFileSync(join(dir, 'lock.2'), 'utf8')).toContain('elsewhere')
})

test('what power loss leaves of a lock holds nobody up', async () => {
  const dir = folder()
  for (const content of ['', '\0\0\0\0', '{"pid":']) {
    writeFileSync(join(dir, 'lock.3'), content)
    const lock = await lockFolder(dir, quick)
    await expect(lockFolder(dir, quick)).rejects.toMatchObject({ code: 'HF-DW06' })
    lock.release()
    for (const name of locks(dir)) writeFileSync(join(dir, name), '')
  }
})
