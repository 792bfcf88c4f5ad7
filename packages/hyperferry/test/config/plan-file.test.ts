import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HyperferryError } from '../../src/errors.ts'
import { parsePlan, readPlan } from '../../src/config/plan-file.ts'
import { firstDifference, planHash } from '../../src/config/plan-hash.ts'
import { planJsonSchema } from '../../src/config/plan-schema.ts'

const env = { SOURCE: 'mysql://app:secret@db/plant', TARGET: 'postgres://owner@ts/plant' }
const good = `migration: plant
source: { url: "\${SOURCE}", timezone: UTC, fingerprint: abc }
target: { url: "\${TARGET}", schema: public }
tables:
  reading:
    kind: timeseries # rows grow with time
    time: { column: ts }
    chunkInterval: 1 day
    columnstore: { segmentBy: [device_id], orderBy: [ts desc], after: 7 days }
    split: time
    axis: ts
    mode: merge
    key: [device_id, ts]
    columns:
      device_id: { type: bigint, sourceType: bigint(20) unsigned, notNull: true }
      ts: { type: timestamptz(6), sourceType: datetime(6), notNull: true, zeroDate: quarantine }
      hum: { type: real, sourceType: float, default: "0" }
    indexes:
      reading_hum: { on: [hum desc, "(hum * 2)"] }
    foreignKeys:
      reading_device: { columns: [device_id], references: { table: device, columns: [id] } }
  device:
    kind: relational
    split: pk
    axis: id
    mode: merge
    key: [id]
    columns:
      id: { type: bigint, sourceType: bigint(20) unsigned, notNull: true, identity: true }
      opened: { type: date, sourceType: date, zeroDate: null }
backfill: { workers: 2, taskRows: 100000 }
verify: { sampleRows: 10000 }
`
const change = (from: string, to: string): string => {
  if (!good.includes(from)) throw new Error(`the plan has no ${from}`)
  return good.replace(from, to)
}
const fault = (text: string): { code: string; what: string } => {
  try {
    parsePlan(text, env)
  } catch (error) {
    if (error instanceof HyperferryError) return { code: error.code, what: error.message }
    throw error
  }
  throw new Error('no fault was found')
}

test('a good plan is read, with its secrets beside it and not in it', () => {
  const { plan, sourceUrl, targetUrl, lineOf } = parsePlan(good, env)
  expect(sourceUrl).toBe(env.SOURCE)
  expect(targetUrl).toBe(env.TARGET)
  expect(JSON.stringify(plan)).not.toContain('secret')
  expect(plan.tables.map(({ name }) => name)).toEqual(['reading', 'device'])
  expect(plan.tables[1]?.columns[1]?.rules).toEqual({ zeroDate: 'null' })
  expect(lineOf(['tables', 'device', 'columns', 'opened'])).toBe(30)
})

test.each([
  ['kind: relational', 'kinds: relational', /yaml:23: unknown key tables\.device\.kinds; did you mean kind\?/],
  ['kind: relational', 'kinds: relational', /yaml:22: tables\.device\.kind/],
  ['kind: relational', 'kind: rational', /yaml:23: tables\.device\.kind: .*timeseries/],
  ['workers: 2', 'workers: two', /yaml:31: backfill\.workers: .*expected/],
  ['workers: 2', 'worker: 2', /yaml:31: unknown key backfill\.worker; did you mean workers\?/],
  [
    'zeroDate: null',
    'zerodate: null',
    /yaml:30: unknown key tables\.device\.columns\.opened\.zerodate; did you mean zeroDate\?/,
  ],
  [
    'zeroDate: null',
    'zeroDate: nul',
    /yaml:30: tables\.device\.columns\.opened\.zeroDate: expected null, quarantine or an ISO date/,
  ],
  ['default: "0"', 'default: 0', /yaml:17: tables\.reading\.columns\.hum\.default: .*string/],
  [
    'chunkInterval: 1 day',
    'chunkInterval: daily',
    /yaml:8: tables\.reading\.chunkInterval: expected a number and a unit/,
  ],
  ['  device:\n', '  reading:\n', /yaml:22: .*unique/],
  ['migration: plant', 'migration: [', /yaml:\d+: /],
  [good, '', /yaml:1: the plan: .*object/],
  [good, 'tables: []', /yaml:1: tables: .*map/],
  [good, 'migration: x', /tables is missing/],
])('%s → %s is a fault of form with its line', (from, to, message) => {
  expect(fault(change(from, to))).toEqual({ code: 'HF-U011', what: expect.stringMatching(message) })
})

test.each([
  [
    'key: [device_id, ts]',
    'key: [device_id]',
    /yaml:13: key reading_pkey of a time series must hold its time column ts/,
  ],
  ['key: [device_id, ts]', 'key: [device_id, tz, ts]', /yaml:13: table reading has no column tz/],
  ['[hum desc,', '[humm desc,', /yaml:19: table reading has no column humm/],
  ['axis: ts', 'axis: hum', /yaml:11: split: time goes along the time column/],
  ['    axis: ts\n', '', /yaml:10: split: time needs axis/],
  ['columns: [id] } }', 'columns: [opened] } }', /yaml:21: device \(opened\) is not a key/],
  ['table: device,', 'table: devices,', /yaml:21: there is no table devices/],
  [
    'id: { type: bigint, sourceType: bigint(20) unsigned, notNull: true, identity: true }',
    'id: { type: "numeric(20,0)", sourceType: bigint(20) unsigned, notNull: true, identity: true }',
    /identity needs smallint, integer or bigint/,
  ],
  [
    'id: { type: bigint, sourceType: bigint(20) unsigned, notNull: true, identity: true }',
    'id: { type: integer, sourceType: int, notNull: true }',
    /yaml:21: device_id is bigint, and id of device is integer/,
  ],
  ['timezone: UTC', 'timezone: Mars/Olympus', /yaml:2: Mars\/Olympus is no IANA time zone/],
  ['timezone: UTC', "timezone: '+02:00'", /yaml:2: time zone \+02:00 is a bare offset.* Etc\/GMT-2 /],
  ['    chunkInterval: 1 day\n', '', /yaml:8: columnstore needs chunkInterval/],
  ['type: real,', 'type: reel,', /yaml:17: reel is not a type that can be written/],
  [
    'time: { column: ts }',
    'time: { column: ts, unit: ms }',
    /yaml:7: ts is timestamptz\(6\); unit is for integers only/,
  ],
  ['sourceType: datetime(6), notNull: true,', 'sourceType: datetime(6),', /yaml:16: the time column ts needs notNull/],
  ['segmentBy: [device_id]', 'segmentBy: [ts]', /yaml:9: the time column ts cannot be in segmentBy/],
  ['key: [id]', 'source: reading\n    key: [id]', /yaml:22: source table reading is planned twice/],
  ['opened: {', `${'o'.repeat(64)}: {`, /yaml:30: o{64} is longer than 63 bytes/],
  ['reading_hum: {', 'device_pkey: {', /yaml:\d+: device_pkey is already the name of/],
  ['    mode: merge\n    key: [id]\n', '    mode: merge\n', /yaml:26: mode: merge needs a key/],
])('%s → %s is a contradiction with its line', (from, to, message) => {
  expect(fault(change(from, to))).toEqual({ code: 'HF-P023', what: expect.stringMatching(message) })
})

test('a plan without tables is none', () => {
  const empty = good.replace(/tables:\n( .*\n)+/, 'tables: {}\n')
  expect(fault(empty)).toEqual({ code: 'HF-P023', what: 'hyperferry.yaml:4: the plan moves no table' })
})

test('a literal password and a missing variable are refused without showing them', () => {
  const literal = fault(change('"${SOURCE}"', '"mysql://app:hunter22@db/plant"'))
  expect(literal).toEqual({ code: 'HF-U012', what: 'hyperferry.yaml:2: source.url holds a password' })
  expect(fault(change('${SOURCE}', '${NOWHERE}')).code).toBe('HF-U013')
})

test('a plan that is not there is refused by name', () => {
  expect(() => readPlan('/nowhere/hyperferry.yaml', env)).toThrow(expect.objectContaining({ code: 'HF-U010' }))
})

test('the hash sees structure only, and the difference is named', () => {
  const { plan } = parsePlan(good, env)
  const operational = parsePlan(change('workers: 2', 'workers: 9'), env).plan
  expect(planHash(operational)).toBe(planHash(plan))
  expect(firstDifference(plan, operational)).toBeNull()
  const retyped = parsePlan(change('type: real', 'type: double precision'), env).plan
  expect(planHash(retyped)).not.toBe(planHash(plan))
  expect(firstDifference(plan, retyped)).toBe('tables.reading.columns.hum.type')
  const swapped = { ...plan, tables: plan.tables.map((table) => ({ ...table, columns: table.columns.toReversed() })) }
  expect(planHash(swapped)).not.toBe(planHash(plan))
  expect(firstDifference(plan, swapped)).toMatch(/^tables\.device\.columns\.\w+\.position$/)
  const reordered = { ...plan, tables: plan.tables.toReversed() }
  expect(planHash(reordered)).toBe(planHash(plan))
  const ruled = parsePlan(change('zeroDate: null', 'zeroDate: quarantine'), env).plan
  expect(firstDifference(plan, ruled)).toBe('tables.device.columns.opened.zeroDate')
})

test('plan.schema.json is up to date; scripts/gen-plan-schema.ts writes it', () => {
  const file = new URL('../../plan.schema.json', import.meta.url)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(planJsonSchema())
})
