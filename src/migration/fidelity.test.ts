import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  areTagsStorable,
  FIDELITY_REASONS,
  type FidelityEnds,
  judgeFidelity,
  metadataBytes,
  type ObjectFacts,
  refusalOf,
} from './fidelity.ts'

const object: ObjectFacts = {
  headers: { contentType: 'text/plain' },
  metadata: {},
  tags: {},
  isLocked: false,
  requiresEncryption: false,
  descriptionBytes: 300,
}
const target = { userMetadata: true, metadataBytesMax: 2_048, tags: true, encryption: 'none' } as const
const ends: FidelityEnds = { source: { versions: false }, target }
const judge = (change: Partial<ObjectFacts>, to: Partial<FidelityEnds['target']> = {}, versions = false) =>
  judgeFidelity({ ...object, ...change }, { source: { versions }, target: { ...target, ...to } })

test('what every store takes is carried, but for the dates', () => {
  expect(judge({ metadata: { a: 'b' }, tags: { c: 'd' } })).toEqual(['own-dates'])
})

test.each([
  ['metadata-not-kept', judge({ metadata: { a: 'b' } }, { userMetadata: false })],
  ['metadata-too-large', judge({ metadata: { a: 'b'.repeat(1_800) } })],
  ['tags-not-kept', judge({ tags: { a: 'b' } }, { tags: false })],
  [
    'too-many-tags',
    judge({ tags: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, 'x'])) }),
  ],
  ['old-versions-stay', judge({}, {}, true)],
  ['not-encrypted', judge({ requiresEncryption: true })],
  ['locked', judge({ isLocked: true })],
  ['facts-not-read', judge({ headers: {} })],
] as const)('tells %s', (reason, reasons) => {
  expect(reasons).toContain(reason)
})

test('only what nobody could make good later is refused', () => {
  expect(
    refusalOf(judge({ tags: { a: 'b' }, metadata: { a: 'b' } }, { tags: false, userMetadata: false })),
  ).toBe(null)
  expect(refusalOf(judge({ isLocked: true }))).toBe('locked')
  expect(refusalOf(judge({ requiresEncryption: true }, { encryption: 'always' }))).toBe(null)
  expect(refusalOf(judge({ requiresEncryption: true }))).toBe('not-encrypted')
})

test('each thing is carried or told, for any object and any ends', () => {
  const text = fc.string({ maxLength: 300 })
  const facts = fc.record({
    headers: fc.constant({}),
    metadata: fc.dictionary(text, text, { maxKeys: 5 }),
    tags: fc.dictionary(text, text, { maxKeys: 12 }),
    isLocked: fc.boolean(),
    requiresEncryption: fc.boolean(),
    descriptionBytes: fc.nat({ max: 600 }),
  })
  const stores = fc.record({
    userMetadata: fc.boolean(),
    metadataBytesMax: fc.nat({ max: 2_048 }),
    tags: fc.boolean(),
    encryption: fc.constantFrom('always' as const, 'on-request' as const, 'none' as const),
  })
  fc.assert(
    fc.property(facts, stores, fc.boolean(), (some, to, versions) => {
      const reasons = judgeFidelity(some, { ...ends, source: { versions }, target: to })
      const told = reasons.map(reason => FIDELITY_REASONS[reason].aspect)
      const fits = metadataBytes(some.metadata) + some.descriptionBytes <= to.metadataBytesMax
      const carriesMetadata = metadataBytes(some.metadata) === 0 || (to.userMetadata && fits)
      const carriesTags = Object.keys(some.tags).length === 0 || (to.tags && areTagsStorable(some.tags))
      expect(told.includes('metadata')).toBe(!carriesMetadata)
      expect(told.includes('tags')).toBe(!carriesTags)
      expect(new Set(reasons).size).toBe(reasons.length)
    }),
  )
})
