import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  ewkb,
  floorFraction,
  intervalMicros,
  members,
  plainNumber,
  repairedText,
  timeOfDay,
  uuidOfHex,
} from '../../../src/source/mysql/second-text.ts'
import { toUtc } from '../../../src/source/mysql/second-zone.ts'
import { compileZone } from '../../../src/values/zones.ts'

const hex = (text: string): string => Buffer.from(text, 'utf8').toString('hex')

it.each([
  ['007.500', '7.5'],
  ['-0.000', '0'],
  ['-0', '0'],
  ['.5', '0.5'],
  ['1.5e3', '1500'],
  ['-1.25e-3', '-0.00125'],
  ['1e20', '100000000000000000000'],
  ['100', '100'],
])('plainNumber(%s)', (text, plain) => {
  expect(plainNumber(text)).toBe(plain)
})

it('floors times', () => {
  expect(floorFraction('2024-01-01T00:00:00.999999', 3)).toBe('2024-01-01T00:00:00.999000')
  expect(floorFraction('2024-01-01T00:00:00.999999', 0)).toBe('2024-01-01T00:00:00.000000')
  expect(timeOfDay('1:02:03.5', 6)).toBe('01:02:03.500000')
  expect(intervalMicros('-838:59:59.999999', 6)).toBe('-3020399999999')
  expect(intervalMicros('-00:00:00.5', 0)).toBe('-1000000')
})

it('writes sets, uuids and shapes', () => {
  expect(members('')).toBe('{}')
  expect(members(hex('a,b c'))).toBe('{61,622063}')
  expect(uuidOfHex('00112233445566778899aabbccddeeff', false)).toBe('00112233-4455-6677-8899-aabbccddeeff')
  expect(uuidOfHex('66774455001122338899aabbccddeeff', true)).toBe('00112233-4455-6677-8899-aabbccddeeff')
  expect(ewkb('0 000000000101000000ff')).toBe('0101000000ff')
  expect(ewkb('4326 E61000000101000000FF')).toBe('0101000020e6100000ff')
})

it('repairs text by rule only', () => {
  expect(repairedText('610062', {})).toBe('610062')
  expect(repairedText('610062', { nul: 'strip' })).toBe('6162')
  expect(repairedText('610062', { nul: 'replace' })).toBe(hex('a\uFFFDb'))
  expect(repairedText('80', {})).toBe('80')
  expect(repairedText('80', { invalidText: 'windows-1252' })).toBe(hex('€'))
  expect(repairedText('80', { invalidText: 'replace' })).toBe(hex('\uFFFD'))
  expect(repairedText(hex('\uFEFFä'), { invalidText: 'windows-1252' })).toBe(hex('\uFEFFä'))
})

describe('toUtc', () => {
  it('agrees with the zones of the data path, which share no code with it', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Etc/GMT-2']
    const second = fc.integer({ min: -1_500_000_000, max: 4_000_000_000 })
    fc.assert(
      fc.property(second, fc.constantFrom(...zones), (wall, zone) => {
        const text = new Date(wall * 1000).toISOString().slice(0, 19)
        const expected = compileZone(zone).toUtcMicros(BigInt(wall) * 1_000_000n)
        const said =
          expected === 'gap'
            ? `no such time in ${zone}: ${text}.000000`
            : `${new Date(Number(expected.micros / 1000n)).toISOString().slice(0, 19)}.000000`
        expect(toUtc(`${text}.000000`, zone)).toBe(said)
      }),
      { seed: 20260104, numRuns: 300 },
    )
  })

  it('refuses gaps and takes the earlier instant of a fold', () => {
    expect(toUtc('2024-03-31T02:30:00.000001', 'Europe/Berlin')).toContain('no such time')
    expect(toUtc('2024-10-27T02:30:00.000001', 'Europe/Berlin')).toBe('2024-10-27T00:30:00.000001')
    expect(toUtc('0000-00-00T00:00:00.000000', 'Europe/Berlin')).toBe('0000-00-00T00:00:00.000000')
  })
})

it('shares no code with the transcoder', () => {
  const folder = new URL('../../../src/source/mysql/', import.meta.url)
  const files = readdirSync(folder).filter((name) => name.startsWith('second'))
  expect(files.length).toBeGreaterThan(3)
  for (const file of files) {
    expect(readFileSync(new URL(file, folder), 'utf8')).not.toMatch(
      /from '[^']*(values\/|transcode|fields-|wire|\/field)/,
    )
  }
})
