import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accessEvent, accessEvents } from '../contract/access-event-builder.ts'
import { encodeBatch } from './batch-encoding.ts'
import { rereadPayload } from './reread-payload.ts'

test('finds every event of a batch and of the JSON of one', () => {
  fc.assert(
    fc.property(fc.array(accessEvents(0, 1), { minLength: 1, maxLength: 20 }), events => {
      expect(rereadPayload(encodeBatch(events))).toEqual({ events, malformed: [] })
      const [event] = events
      expect(rereadPayload(Buffer.from(JSON.stringify(event)))).toEqual({ events: [event], malformed: [] })
    }),
  )
})

test('tells the good events of a batch from the others', () => {
  const events = [1, Number.NaN, 3].map(at => accessEvent('a', { at }))
  const { events: good, malformed } = rereadPayload(encodeBatch(events))
  expect(good.map(event => event.at)).toEqual([1, 3])
  expect(malformed).toMatchObject([{ reason: 'at is not an instant' }])
  expect(rereadPayload(malformed[0]!.payload).malformed[0]!.reason).toContain('without the list of buckets')
})

test('says why other bytes are no events, and never throws', () => {
  const reasonOf = (text: string) => rereadPayload(Buffer.from(text)).malformed[0]?.reason
  expect(reasonOf('{"half":')).toBe('the JSON is cut short or changed')
  expect(reasonOf('{}')).toBe('at is not an instant')
  expect(reasonOf(JSON.stringify({ ...accessEvent('a'), objectId: 5 }))).toBe(
    'objectId is not a lower-case UUID',
  )
  expect(reasonOf(JSON.stringify({ ...accessEvent('a'), locationId: undefined }))).toMatch(/locationId/)
  expect(reasonOf('')).toMatch(/version/)
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.json().map(Buffer.from)), bytes => {
      expect(rereadPayload(bytes).malformed).toHaveLength(1)
    }),
  )
})
