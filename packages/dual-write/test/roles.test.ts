import { expect, test } from 'vitest'
import type { RoleState } from '../src/control.ts'
import { isSingle, Roles } from '../src/roles.ts'

const state = (more: Partial<RoleState> = {}): RoleState => ({
  stage: 'dualwrite',
  epoch: 1,
  primary: 'source',
  phase: 'open',
  holdId: null,
  barrier: 0,
  contractHash: 'h',
  outboxJournal: 'o',
  ...more,
})
const hold = state({ phase: 'hold', holdId: 'h1' })

test('counts what is under way, and apart from it what the other store never hears of', async () => {
  const roles = new Roles(null)
  const single = await roles.admit(0)
  roles.update(state())
  const dual = await roles.admit(0)
  expect([roles.active, roles.singles]).toEqual([2, 1])
  single.end()
  single.end()
  expect([roles.active, roles.singles]).toEqual([1, 0])
  dual.end()
  expect(roles.active).toBe(0)
})

test('admits nothing on hold, and all that waited when it ends', async () => {
  const roles = new Roles(hold)
  expect(roles.hold).toBe('h1')
  const waiting = [roles.admit(5000), roles.admit(5000)]
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(roles.active).toBe(0)
  roles.update(state({ epoch: 2, stage: 'live', primary: 'target' }))
  for (const admission of await Promise.all(waiting)) expect(admission.state?.primary).toBe('target')
  expect(roles.active).toBe(2)
})

test('says that it may be tried again when the hold is too long, and that it may not when the writer was closed', async () => {
  const roles = new Roles(hold)
  await expect(roles.admit(10)).rejects.toMatchObject({ code: 'HF-DW03', reason: 'hold', retryable: true })
  const waiting = roles.admit(5000)
  roles.close('closed by the tool')
  await expect(waiting).rejects.toMatchObject({ code: 'HF-DW03', reason: 'closed', retryable: false })
  expect(roles.active).toBe(0)
})

test('prepare admits; another hold right after the first is seen by those that wake', async () => {
  const roles = new Roles(state({ phase: 'prepare', holdId: 'h1' }))
  ;(await roles.admit(0)).end()
  roles.update(hold)
  const waiting = roles.admit(5000)
  roles.update(state({ epoch: 2 }))
  roles.update(state({ epoch: 2, phase: 'hold', holdId: 'h2' }))
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(roles.active).toBe(0)
  roles.update(state({ epoch: 3 }))
  expect((await waiting).state?.epoch).toBe(3)
})

test('only stage off, or no stage at all, is written once', () => {
  expect(isSingle(null)).toBe(true)
  expect(
    (['off', 'dualwrite', 'shadow', 'live', 'complete'] as const).map((stage) => isSingle(state({ stage }))),
  ).toEqual([true, false, false, false, false])
})
