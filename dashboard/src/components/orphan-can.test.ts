import { expect, it } from 'vitest'
import { DECIDABLE_ORPHAN_STATES, ORPHAN_STATES } from '../../../src/domain/orphan.ts'
import { ORPHAN_ACTIONS } from '../api/actions.ts'
import { orphanRefusal } from './orphan-can.ts'

const place = { id: '1', name: 'x' }
const forgotten = {
  bucket: place,
  firstSeenAt: '2026-11-20T00:00:00.000Z',
  kind: 'forgotten',
  lastSeenAt: '2026-11-20T01:00:00.000Z',
  location: place,
  migrationId: '2',
  state: 'confirmed',
} as const

it('lets people decide in exactly the states in which the server does', () => {
  const open = ORPHAN_STATES.filter(
    state => orphanRefusal('adopt', { ...forgotten, state }, 'operator') === null,
  )
  expect(open).toEqual(DECIDABLE_ORPHAN_STATES)
})

it('never offers to delete what is not provably ours', () => {
  expect(orphanRefusal('delete', forgotten, 'operator')).toBeNull()
  expect(orphanRefusal('delete', { ...forgotten, kind: 'dark' }, 'admin')).toMatch(/never delete/)
  expect(orphanRefusal('delete', { ...forgotten, migrationId: null }, 'admin')).toMatch(/never delete/)
  expect(orphanRefusal('delete', { ...forgotten, state: 'seen' }, 'admin')).toMatch(/second one/)
  const seenAgain = { ...forgotten, state: 'kept', lastSeenAt: '2026-11-21T00:00:00.000Z' } as const
  expect(orphanRefusal('delete', seenAgain, 'operator')).toBeNull()
})

it('adopts only what the catalog has not and could name', () => {
  expect(orphanRefusal('adopt', { ...forgotten, kind: 'dark', bucket: null }, 'operator')).toMatch(
    /No bucket/,
  )
  expect(orphanRefusal('adopt', { ...forgotten, kind: 'retained' }, 'operator')).toMatch(/already/)
  expect(orphanRefusal('keep', { ...forgotten, state: 'kept' }, 'operator')).toMatch(/kept already/)
})

it('says why a viewer can do nothing', () => {
  for (const action of ORPHAN_ACTIONS) expect(orphanRefusal(action, forgotten, 'viewer')).toMatch(/only look/)
})
