import { describe, expect, it } from 'vitest'
import type { Migration } from '../domain/migration.ts'
import { reverseOf } from './reverse.ts'

const done = (change: Partial<Migration>): Migration =>
  ({
    kind: 'move',
    state: 'done',
    generation: 3,
    sourceCopyId: 'old',
    sourceLocationId: 'hot',
    targetCopyId: 'new',
    targetLocationId: 'cold',
    ...change,
  }) as Migration

const now = { generation: 3, primary: { copyId: 'new', locationId: 'cold' }, replicas: [], left: [] }

describe('what undoes a migration', () => {
  it('is a move back, of the copy that is primary now', () => {
    expect(reverseOf(done({}), now)).toMatchObject({
      kind: 'move',
      targetLocationId: 'hot',
      targetCopyId: null,
    })
    expect(reverseOf(done({ state: 'retained' }), now)).toMatchObject({ kind: 'move' })
  })

  it('drops what was added, adds what was dropped, and changes a class back', () => {
    const primary = { copyId: 'first', locationId: 'hot' }
    const two = { ...now, primary, replicas: [{ copyId: 'new', locationId: 'cold' }] }
    expect(reverseOf(done({ kind: 'add-copy' }), two)).toEqual({
      kind: 'drop-copy',
      sourceCopyId: 'new',
      targetCopyId: 'first',
      targetLocationId: 'hot',
    })
    expect(reverseOf(done({ kind: 'drop-copy' }), now)).toMatchObject({
      kind: 'add-copy',
      targetLocationId: 'hot',
    })
    expect(reverseOf(done({ kind: 'reclassify' }), now)).toMatchObject({
      kind: 'reclassify',
      sourceCopyId: 'new',
      targetCopyId: 'new',
      targetLocationId: 'hot',
    })
  })

  it('switches back to a source that was retained, and drops the other copy', () => {
    const left = [{ copyId: 'old', locationId: 'hot', state: 'retained' as const }]
    expect(reverseOf(done({ state: 'retained' }), { ...now, left })).toEqual({
      kind: 'drop-copy',
      sourceCopyId: 'new',
      targetCopyId: 'old',
      targetLocationId: 'hot',
      takesUp: true,
    })
    const elsewhere = [{ copyId: 'other', locationId: 'warm', state: 'retained' as const }]
    expect(reverseOf(done({}), { ...now, left: elsewhere })).toMatchObject({ kind: 'move' })
  })

  it('names what to do where other bytes lie in the former place', () => {
    const left = [{ copyId: 'old', locationId: 'hot', state: 'suspect' as const }]
    expect(reverseOf(done({ state: 'retained' }), { ...now, left })).toMatch(/dim orphan list --kind suspect/)
  })

  it.each([
    ['did not end well', done({ state: 'aborted' }), now],
    ['is still in grace', done({ state: 'grace' }), now],
    ['was overwritten', done({}), { ...now, generation: 4 }],
    ['was moved on', done({}), { ...now, primary: { copyId: 'third', locationId: 'warm' } }],
    ['lost the copy that was added', done({ kind: 'add-copy' }), now],
    ['was repaired', done({ kind: 'repair' }), now],
  ])('is nothing where the object %s, and says why', (_name, migration, copies) => {
    expect(reverseOf(migration, copies)).toEqual(expect.any(String))
  })
})
