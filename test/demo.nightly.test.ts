// The demo as a newcomer sees it, and that its proof can fail.
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { SABOTAGE } from '../packages/hyperferry/src/demo/sabotage.ts'
import { hyperferry } from './helpers/hyperferry.ts'

test('nothing is lost or doubled under three faults', async () => {
  const { exitCode, json, stderr } = await hyperferry(['demo', '--json'], { cwd: tmpdir() })
  expect([exitCode, json['verified'], json['lostWrites'], json['duplicateWrites']], stderr).toEqual([0, true, 0, 0])
})

test.each(SABOTAGE)('--sabotage %s ends with exit 3', async (fault) => {
  const { exitCode, stderr } = await hyperferry(['demo', '--seconds', '10', '--sabotage', fault, '--json'], {
    cwd: tmpdir(),
  })
  expect(exitCode, stderr).toBe(3)
})
