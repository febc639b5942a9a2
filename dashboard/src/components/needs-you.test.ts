import { expect, it } from 'vitest'
import type { Overview, ScrubStatus, Store, StoreLoad } from '../api/types.ts'
import { needsOf } from './needs-you.ts'

const calm = {
  migrations: { quarantined: 0, overdue: 0, paused: 0 },
  events: { deadLetters: 0 },
  plans: { proposed: 0, proposedSavingUsd: 0 },
  locations: [],
} as unknown as Overview
const clean = { quarantinedObjects: 0, badCopies: 0 } as ScrubStatus
const store = { name: 's3', state: 'active', drill: null } as Store
const load = { store: { id: '1', name: 's3' }, budget: null, leftAloneBy: [] } as StoreLoad

it('needs nobody while all is well', () => {
  expect(needsOf(calm, [store], clean, [load])).toEqual([])
  expect(needsOf(calm, [store], undefined, [])).toEqual([])
})

it('says first that objects have no good copy, and where the evidence is', () => {
  const scrub = { ...clean, quarantinedObjects: 2, badCopies: 1 }
  const one = { process: 'p', since: '2026-11-23T00:00:00Z', triedAt: '2026-11-23T00:00:00Z' }
  const needs = needsOf(calm, [store], scrub, [{ ...load, leftAloneBy: [one] }])
  expect(needs.map(({ path, text, urgent }) => [text, path, urgent])).toEqual([
    [
      '2 objects without a good copy. Nothing of them is moved or deleted.',
      '/objects?state=quarantined',
      true,
    ],
    ['1 bad copy to be rebuilt.', '/upkeep', true],
    ['s3 does not answer. Readers go to other copies, moves rest.', '/stores', true],
  ])
})

it('says which store refuses our credentials', () => {
  const refusing: Store = { ...store, state: 'auth-failed' }
  expect(needsOf(calm, [refusing], clean, [load]).map(({ text, urgent }) => [text, urgent])).toEqual([
    ['s3 refuses our credentials. Moves there rest until it gets others.', true],
  ])
})
