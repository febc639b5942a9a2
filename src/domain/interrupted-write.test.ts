import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSameBytes } from './foreign-change.ts'
import { newId } from './identifiers.ts'
import { type InterruptedWriteFacts, judgeInterruptedWrite } from './interrupted-write.ts'
import { COPY_STATES, type Copy } from './object.ts'

const etag = fc.constantFrom('a', 'b', null)
const copy = fc
  .record({
    generation: fc.integer({ min: 1, max: 4 }),
    state: fc.constantFrom(...COPY_STATES),
    isFirst: fc.boolean(),
    etag,
  })
  .map(
    ({ generation, state, isFirst, etag }): Copy => ({
      id: newId(),
      objectId: newId(),
      generation,
      locationId: newId(),
      state,
      isPrimary: isFirst && (state === 'complete' || state === 'suspect'),
      nativeKey: 'k',
      identity: { etag, versionId: null },
      size: 1,
      enteredAt: 0,
      graceUntil: null,
      verifiedAt: null,
    }),
  )

const facts: fc.Arbitrary<InterruptedWriteFacts> = fc.record({
  baseGeneration: fc.integer({ min: 0, max: 4 }),
  object: fc.record({ generation: fc.integer({ min: 0, max: 4 }), isPresent: fc.boolean() }),
  isBucketThere: fc.boolean(),
  isUploadCompleted: fc.boolean(),
  found: fc.record({
    size: fc.constant(1),
    identity: fc.record({ etag: fc.constantFrom('a', 'b'), versionId: fc.constant(null) }),
  }),
  copies: fc.array(fc.record({ copy, isThere: fc.boolean() }), { maxLength: 4 }),
})

describe('judging an interrupted write', () => {
  const holds = (law: (given: InterruptedWriteFacts) => void) =>
    fc.assert(fc.property(facts, law), { numRuns: 2_000 })

  it('puts it next when nothing was committed since it found the object, present or deleted', () => {
    holds(given => {
      const untouched = {
        ...given,
        isBucketThere: true,
        isUploadCompleted: false,
        baseGeneration: given.object.generation,
      }
      expect(judgeInterruptedWrite(untouched)).toBe('roll-forward')
    })
  })

  it('never brings a deleted object back, and never enters a bucket that is gone', () => {
    holds(given => {
      const wasDeleted = !given.object.isPresent && given.baseGeneration !== given.object.generation
      if (wasDeleted || !given.isBucketThere) expect(judgeInterruptedWrite(given)).not.toBe('roll-forward')
    })
  })

  it('never deletes bytes that the catalog knows', () => {
    holds(given => {
      if (given.isBucketThere && given.copies.some(one => one.isThere && isSameBytes(one.copy, given.found)))
        expect(judgeInterruptedWrite(given)).not.toBe('delete')
    })
  })

  it('never takes the place of content that is whole elsewhere', () => {
    holds(given => {
      const isWholeElsewhere = given.copies.some(
        one =>
          !one.isThere &&
          one.copy.generation === given.object.generation &&
          /^(complete|grace|retained)$/.test(one.copy.state),
      )
      if (isWholeElsewhere && given.baseGeneration !== given.object.generation)
        expect(judgeInterruptedWrite(given)).not.toBe('roll-forward')
    })
  })

  it('commits a completed upload once', () => {
    holds(given => {
      expect(judgeInterruptedWrite({ ...given, isUploadCompleted: true })).toBe('as-known')
    })
  })
})
