import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accessEvent, accessEvents } from '../contract/access-event-builder.ts'
import { decodeBatch, encodeBatch, UnreadableBatchError } from './batch-encoding.ts'

test('gives back every event', () => {
  fc.assert(
    fc.property(fc.array(accessEvents(0, 1), { maxLength: 100 }), events => {
      expect(decodeBatch(encodeBatch(events))).toEqual(events.map(event => ({ event })))
    }),
  )
})

test('refuses any other bytes with an UnreadableBatchError and nothing else', () => {
  const whole = encodeBatch([accessEvent('a'), accessEvent('b')])
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
        fc.nat(whole.length - 1).map(length => whole.subarray(0, length)),
        fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })).map(([position, change]) => {
          const changed = Buffer.from(whole)
          changed[position] = changed[position]! ^ change
          return changed
        }),
      ),
      bytes => {
        expect(() => decodeBatch(bytes)).toThrow(UnreadableBatchError)
      },
    ),
    { numRuns: 5_000 },
  )
})

test('takes 38 bytes an event', () => {
  const events = Array.from({ length: 1_000 }, (_, index) => accessEvent(`key-${index}`))
  expect(encodeBatch(events).length).toBe(9 + 2 * 16 + 1_000 * 38)
})
