import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BUCKET_MODES } from './bucket.ts'
import { type ForeignChangeFacts, type ForeignChangeVerdict, judgeForeignChange } from './foreign-change.ts'
import { COPY_STATES, type Copy } from './object.ts'

const etag = fc.constantFrom('a', 'b', 'c')
const identity = fc.record({
  etag: fc.option(etag),
  versionId: fc.option(fc.constantFrom('v1', 'v2'), { freq: 4 }),
})
const copy = fc
  .record({
    generation: fc.integer({ min: 1, max: 3 }),
    state: fc.constantFrom(...COPY_STATES),
    isPrimary: fc.boolean(),
    identity,
    size: fc.constantFrom(1, 2),
  })
  .map(
    (facts): Copy => ({
      ...facts,
      isPrimary: facts.isPrimary && (facts.state === 'complete' || facts.state === 'suspect'),
      id: 'copy',
      objectId: 'object',
      locationId: 'location',
      nativeKey: 'k',
      enteredAt: 0,
      graceUntil: null,
      verifiedAt: null,
    }),
  )
const facts: fc.Arbitrary<ForeignChangeFacts> = fc.record({
  mode: fc.constantFrom(...BUCKET_MODES),
  witness: fc.constantFrom('listing' as const, 'read' as const),
  object: fc.record({
    generation: fc.integer({ min: 1, max: 3 }),
    isPresent: fc.boolean(),
    lastModified: fc.option(fc.constantFrom(5, 10)),
  }),
  copiesThere: fc.array(copy, { maxLength: 3 }),
  found: fc.option(
    fc.record({
      size: fc.constantFrom(1, 2),
      identity,
      lastModified: fc.constantFrom(5, 7, 12),
      headers: fc.constant({}),
      metadata: fc.constant({}),
    }),
  ),
  intent: fc.constantFrom('open' as const, 'over' as const, 'unknown' as const),
})

/** Every combination of facts within a small world, under the rules that keep the last good copy. */
describe('a place that looks other than the catalog says', () => {
  const holds = (law: (seen: ForeignChangeFacts, verdict: ForeignChangeVerdict) => void) =>
    fc.assert(
      fc.property(facts, seen => law(seen, judgeForeignChange(seen))),
      { numRuns: 3_000 },
    )
  const followed = ['adopt', 'changed-aside', 'removed']

  it('changes nothing where only we write', () =>
    holds(({ mode }, verdict) => {
      if (mode === 'exclusive') expect(followed).not.toContain(verdict)
    }))

  it('is called damage only where only we write', () =>
    holds(({ mode }, verdict) => {
      if (mode !== 'exclusive') expect(['conflicting', 'missing']).not.toContain(verdict)
    }))

  it('is left to a write or a move of ours that is not finished', () =>
    holds(({ found, intent }, verdict) => {
      if (intent === 'open' && found !== null) expect(followed).not.toContain(verdict)
    }))

  it('is as known when its bytes are those of any copy', () =>
    holds(({ copiesThere, found }, verdict) => {
      const isCopy = copiesThere.some(
        ({ identity: known, size }) =>
          known.etag !== null &&
          known.etag === found?.identity.etag &&
          known.versionId === null &&
          size === found.size,
      )
      if (isCopy) expect(verdict).toBe('as-known')
    }))

  it('is never adopted without an identity to recognise it by', () =>
    holds(({ found }, verdict) => {
      if (verdict === 'adopt')
        expect(found?.identity.etag ?? found?.identity.versionId ?? null).not.toBeNull()
    }))

  it('is removed only when nothing lies there and a copy of present content should', () =>
    holds(({ copiesThere, found, object }, verdict) => {
      if (verdict !== 'removed') return
      expect(found).toBeNull()
      expect(object.isPresent).toBe(true)
      expect(copiesThere.some(({ generation }) => generation === object.generation)).toBe(true)
    }))

  it('never gives a reader bytes for a copy that was not the primary', () =>
    holds(({ copiesThere, object, witness }, verdict) => {
      if (witness !== 'read' || verdict !== 'adopt') return
      const current = copiesThere.filter(({ generation }) => generation === object.generation)
      expect(current.some(({ isPrimary }) => isPrimary)).toBe(true)
    }))
})
