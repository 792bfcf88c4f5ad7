import { expect, test } from 'vitest'
import type { StepRecord } from '../../src/control/step-log.ts'
import type { Json } from '../../src/model.ts'
import { verdictOf } from '../../src/report/verdict.ts'

const run = (level: string, table: { [key: string]: Json }, step: Partial<StepRecord> = {}): StepRecord => ({
  id: '1',
  step: 'verify',
  status: 'done',
  tool: '1',
  planHash: '',
  startedAt: '',
  finishedAt: 'then',
  output: { level, tables: [{ name: 't', partial: false, ...table }] },
  ...step,
})
const equal = run('digest', { equal: true, digest: 'd' })
const different = run('rows', { equal: false, digest: 'x' })
const partly = run('digest', { equal: true, partial: true, digest: 'p' })

test.each<[string, StepRecord[], string]>([
  ['nothing ran', [], 'never'],
  ['equal', [equal], 'equal'],
  ['equal by rows', [run('rows', { equal: true, digest: 'd' })], 'equal'],
  ['equal with an older digest', [run('digest', { equal: true, digest: 'c' })], 'stale'],
  ['equal while it was written', [run('digest', { equal: true, digest: 'e', books: 'd' })], 'equal'],
  ['written, with older receipts', [run('digest', { equal: true, digest: 'd', books: 'c' })], 'stale'],
  ['repaired after it was different', [different, equal], 'equal'],
  ['different after it was equal', [equal, different], 'different'],
  ['stale, and different before that', [different, run('digest', { equal: true, digest: 'c' })], 'stale'],
  ['a part is equal after the whole was different', [different, partly], 'different'],
  ['a part is equal after the whole was', [equal, partly], 'equal'],
  ['only a part is equal', [partly], 'never'],
  ['a part is different', [equal, run('digest', { equal: false, partial: true })], 'different'],
  [
    'counts and estimates prove nothing',
    [run('count', { equal: true, digest: null }), run('estimate', { equal: null })],
    'never',
  ],
  ['counts after a proof change nothing', [equal, run('count', { equal: false })], 'equal'],
  ['a run that failed', [run('digest', { equal: true, digest: 'd' }, { status: 'failed' })], 'never'],
  ['another step', [run('digest', { equal: true, digest: 'd' }, { step: 'backfill' })], 'never'],
  ['another table', [run('digest', { name: 'u', equal: true, digest: 'd' })], 'never'],
  ['no document', [run('digest', {}, { output: null }), run('digest', {}, { output: [1, 'x'] })], 'never'],
])('%s: %s', (_, steps, state) => expect(verdictOf(steps, 't', 'd').state).toBe(state))
