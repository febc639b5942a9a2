import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admitByRoom, type RoomClaim } from './room.ts'

const claims = fc.array(
  fc.record({
    id: fc.uuid(),
    locationId: fc.constantFrom('full', 'some', 'endless'),
    bytes: fc.integer({ min: 0, max: 100 }),
    priority: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 40 },
)
const free = new Map([
  ['full', 0],
  ['some', 150],
])
const sum = (some: readonly RoomClaim[], at: string) =>
  some.filter(claim => claim.locationId === at).reduce((total, claim) => total + claim.bytes, 0)

test('admits no more than is free, all where nothing is limited, and loses none', () => {
  fc.assert(
    fc.property(claims, wanted => {
      const { admitted, lacking } = admitByRoom(wanted, free)
      expect(sum(admitted, 'full')).toBe(0)
      expect(sum(admitted, 'some')).toBeLessThanOrEqual(150)
      expect(lacking.some(claim => claim.locationId === 'endless')).toBe(false)
      expect([...admitted, ...lacking].toSorted(byId)).toEqual(wanted.toSorted(byId))
    }),
  )
})

test('leaves out only what does not fit any more, and says how much', () => {
  fc.assert(
    fc.property(claims, wanted => {
      const { admitted, lacking, locations } = admitByRoom(wanted, free)
      for (const { locationId, freeBytes, neededBytes, claims } of locations) {
        const left = lacking.filter(claim => claim.locationId === locationId)
        expect(freeBytes).toBe(free.get(locationId)! - sum(admitted, locationId))
        expect([neededBytes, claims]).toEqual([sum(lacking, locationId), left.length])
        const urgent = Math.max(...left.map(claim => claim.priority))
        const urgentOnes = left.filter(claim => claim.priority === urgent)
        const before = admitted.filter(claim => claim.locationId === locationId && claim.priority >= urgent)
        for (const claim of urgentOnes)
          expect(claim.bytes).toBeGreaterThan(
            free.get(locationId)! - before.reduce((total, one) => total + one.bytes, 0) - 0.5,
          )
      }
    }),
  )
})

const byId = (one: RoomClaim, other: RoomClaim) =>
  one.id === other.id ? one.bytes - other.bytes || one.priority - other.priority : one.id < other.id ? -1 : 1
