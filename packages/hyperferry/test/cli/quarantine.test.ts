// What people type wrong is told before anything is opened.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { quarantine } from '../../src/cli/quarantine.ts'
import { readFixes } from '../../src/config/fix-file.ts'

const run = (args: string[], flags: Record<string, unknown> = {}) =>
  quarantine.run({ flags, argument: args[0] ?? null, arguments: args }, {} as never)

test.each<[string, string[], Record<string, unknown>]>([
  ['a row that is no number', ['fix', 'one'], { set: ['who=a'] }],
  ['a number beyond all rows', ['retry', '9'.repeat(20)], {}],
  ['no row', ['fix'], { set: ['who=a'] }],
  ['two rows', ['fix', '1', '2'], { set: ['who=a'] }],
  ['nothing to set', ['fix', '1'], {}],
  ['a value without column', ['fix', '1'], { set: ['=a'] }],
  ['a column without value', ['fix', '1'], { set: ['who'] }],
  ['a column twice', ['fix', '1'], { set: ['who=a'], null: ['who'] }],
  ['rows beside a file', ['fix', '1'], { from: 'x' }],
  ['no reason', ['discard', '1'], {}],
  ['an empty reason', ['discard', '1'], { reason: ' ' }],
  ['everything by leaving something out', ['discard'], { reason: 'x' }],
  ['numbers and a filter', ['retry', '1'], { code: ['HF-D006'] }],
  ['numbers of a list', ['list', '1'], {}],
  ['a filter that a fix does not heed', ['fix', '1'], { set: ['who=a'], table: ['visit'] }],
  ['values for a retry', ['retry', '1'], { set: ['who=a'] }],
])('%s is a usage error', async (_name, args, flags) => {
  await expect(run(args, flags)).rejects.toMatchObject({ code: 'HF-U001', exitCode: 2 })
})

test('a file of fixes is read exactly, and every fault has its line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-fixes-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rows.jsonl')
  const read = (text: string) => {
    writeFileSync(file, text)
    return readFixes(file)
  }
  expect(read('{"id": "7", "set": {"a": " 12345678901234567890 ", "b": null}}\n\n{"id": "8", "values": {}}\n')).toEqual(
    [{ id: '7', set: { a: ' 12345678901234567890 ', b: null } }],
  )
  for (const line of [
    '{"id": "7", "set": {"a": 12345678901234567890}}',
    '{"id": "7", "set": {"a": true}}',
    '{"id": "7", "set": []}',
    '{"id": 7, "set": {"a": "1"}}',
    '{"id": "0", "set": {"a": "1"}}',
    '{"set": {"a": "1"}}',
    '[1]',
    '{',
  ]) {
    expect(() => read(`{"id": "1", "set": {}}\n${line}`)).toThrow(expect.objectContaining({ code: 'HF-Q008' }))
    expect(() => read(`{"id": "1", "set": {}}\n${line}`)).toThrow(`${file}:2`)
  }
  expect(() => read('{"id": "7", "set": {}}\n{"id": "7", "set": {}}')).toThrow('twice')
  expect(() => readFixes(join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'HF-Q008' }))
})
