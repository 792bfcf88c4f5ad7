import { expect, test } from 'vitest'
import { backfill } from '../../src/cli/backfill.ts'
import type { Io } from '../../src/cli/io.ts'

/** Refused before any file or server is looked at. */
const io = { env: {}, events: { emit() {} } } as unknown as Io

test.each([
  ['set', {}, /nothing to set/],
  ['set', { pauseWhen: ['targetReplicationLag=30'] }, /not a limit/],
  ['set', { window: 'nights' }, /window nights: not a time of day/],
  ['set', { workers: 2, table: ['a'] }, /backfill set: --table is out of place/],
  ['set', { writerSlowdown: '1.9' }, /writer-slowdown 1.9: not a number of times/],
  ['set', { writerSlowdown: '3x' }, /writer-slowdown 3x: not a number of times/],
  ['pause', { window: '22:00-06:00' }, /backfill pause: --window is out of place/],
  ['resume', { reason: 'done' }, /backfill resume: --reason is out of place/],
  [null, { pauseWhen: ['targetReplicationLag=30 s'] }, /backfill: --pause-when is out of place/],
  [null, { writerSlowdown: '5' }, /backfill: --writer-slowdown is out of place/],
  [null, { reason: 'why' }, /backfill: --reason is out of place/],
])('backfill %s %j is refused', async (argument, flags, what) => {
  const input = { flags: { wait: true, ...flags }, argument, arguments: argument === null ? [] : [argument] }
  await expect((async () => backfill.run(input, io))()).rejects.toMatchObject({
    code: 'HF-U001',
    message: expect.stringMatching(what),
  })
})
