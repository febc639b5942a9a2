import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AccessEvent, READER_CLASSES } from '../domain/access-event.ts'
import { DAY, MINUTE } from '../domain/duration.ts'
import { objectIdOf } from '../domain/identifiers.ts'
import { ACCESS_EARLIEST, AHEAD_MS_MAX } from './admit-instant.ts'
import { type FoldedAccesses, foldAccess, noAccesses } from './fold-accesses.ts'
import { HEAT_3D, HEAT_6H, heatAt, LN_HEAT_NONE } from './forward-decay.ts'
import { mergeHeat, NO_HEAT, type ObjectHeat } from './object-heat.ts'
import { READER_WEIGHTS_DEFAULT } from './reader-weights.ts'

const NOW = Date.UTC(2026, 5, 1)
const BUCKET = '01890000-0000-7000-8000-000000000000'
const OBJECTS = ['a', 'b', 'c'].map(key => objectIdOf(BUCKET, key))

function read(changes: Partial<AccessEvent> = {}): AccessEvent {
  return {
    objectId: OBJECTS[0]!,
    bucketId: BUCKET,
    operation: 'read',
    at: NOW,
    bytes: 100,
    readerClass: 'application',
    locationId: null,
    ...changes,
  }
}

const events: fc.Arbitrary<AccessEvent> = fc
  .record({
    objectId: fc.constantFrom(...OBJECTS),
    operation: fc.constantFrom('read', 'read', 'read', 'write', 'head', 'delete'),
    at: fc.integer({ min: NOW - 100 * DAY, max: NOW + DAY }),
    bytes: fc.nat(),
    readerClass: fc.constantFrom(...READER_CLASSES),
  })
  .map(fields => read(fields))

function fold(all: readonly AccessEvent[], into: FoldedAccesses = noAccesses()): FoldedAccesses {
  for (const event of all) foldAccess(into, event, { now: NOW, weights: READER_WEIGHTS_DEFAULT })
  return into
}

/** What a fold says, in an order and a precision that do not depend on the order of events. */
function summary(folded: FoldedAccesses) {
  return [...folded.objects]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, object]) => ({
      id,
      ...object,
      lnHeat6h: object.lnHeat6h.toFixed(6),
      lnHeat3d: object.lnHeat3d.toFixed(6),
      lnHeat30d: object.lnHeat30d.toFixed(6),
      readMinutes: object.readMinutes.toSorted((a, b) => a - b),
      days: object.days.toSorted((a, b) => a.day - b.day),
    }))
}

test('does not depend on the order of events', () => {
  fc.assert(
    fc.property(
      fc
        .array(events, { maxLength: 100 })
        .chain(all =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
          ),
        ),
      ([all, shuffled]) => {
        expect(summary(fold(shuffled))).toEqual(summary(fold(all)))
      },
    ),
  )
})

test('folding a batch is folding its parts, and adding folds up', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 60 }), fc.nat(60), (all, cut) => {
      const [first, second] = [all.slice(0, cut), all.slice(cut)]
      expect(summary(fold(second, fold(first)))).toEqual(summary(fold(all)))
      for (const [id, whole] of fold(all).objects) {
        const parts = [fold(first), fold(second)].flatMap(part => part.objects.get(id) ?? [])
        const merged = parts.reduce<ObjectHeat>(mergeHeat, NO_HEAT)
        expect(heatAt(HEAT_3D, merged.lnHeat3d, NOW)).toBeCloseTo(heatAt(HEAT_3D, whole.lnHeat3d, NOW), 6)
        expect(parts.reduce((sum, part) => sum + part.reads, 0)).toBe(whole.reads)
        expect(parts.reduce((sum, part) => sum + part.bytesRead, 0)).toBe(whole.bytesRead)
      }
    }),
  )
})

test('readers of weight 0, heads and deletes leave no trace', () => {
  const folded = fold([
    read({ readerClass: 'backup' }),
    read({ readerClass: 'mover' }),
    read({ operation: 'head' }),
    read({ operation: 'delete' }),
  ])
  expect(folded.objects.size).toBe(0)
})

test('a scan counts as a read and hardly as heat', () => {
  const object = fold([read({ readerClass: 'scan' })]).objects.get(OBJECTS[0]!)!
  expect(object.reads).toBe(1)
  expect(heatAt(HEAT_3D, object.lnHeat3d, NOW)).toBeCloseTo(0.05, 9)
})

test('a write is counted and adds no heat', () => {
  const object = fold([read({ operation: 'write' })]).objects.get(OBJECTS[0]!)!
  expect(object).toMatchObject({
    reads: 0,
    writes: 1,
    bytesRead: 0,
    lnHeat3d: LN_HEAT_NONE,
    lastAccessAt: NOW,
  })
})

test('times of 9999 and 1970 are brought into range and counted', () => {
  const folded = fold([read(), read({ at: Date.UTC(9999, 11, 31) }), read({ at: 0 })])
  const object = folded.objects.get(OBJECTS[0]!)!
  expect(folded).toMatchObject({ clampedFuture: 1, clampedAncient: 1 })
  expect(object).toMatchObject({ reads: 3, firstAccessAt: ACCESS_EARLIEST, lastAccessAt: NOW })
  expect(heatAt(HEAT_6H, object.lnHeat6h, NOW)).toBeCloseTo(2, 9)
})

test('a clock that is five minutes ahead is believed', () => {
  const folded = fold([read({ at: NOW + AHEAD_MS_MAX }), read({ at: NOW + AHEAD_MS_MAX + 1 })])
  expect(folded.clampedFuture).toBe(1)
  expect(folded.objects.get(OBJECTS[0]!)!.lastAccessAt).toBe(NOW + 5 * MINUTE)
})
