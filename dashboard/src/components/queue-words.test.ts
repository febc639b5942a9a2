import { expect, it } from 'vitest'
import { endWords, leftWords, paceWords } from './queue-words.ts'

const queue = {
  left: { migrations: 1_234, bytes: 5_000 },
  throughput: { objectsPerSecond: 12.34, bytesPerSecond: 1_048_576, measuredSeconds: 60 },
  end: { seconds: 90, at: '2026-11-23T09:00:00.000Z', unknownBecause: null },
}

it('says pace, rest and end with their units', () => {
  expect(paceWords(queue)).toEqual({ objects: '12.3 /s', bytes: '1.00 MiB/s' })
  expect(leftWords(queue)).toEqual({ objects: '1,234 objects', bytes: '4.88 KiB' })
  expect(endWords(queue).said).toBe('in 2 min')
})

it('says why nobody knows the end', () => {
  const end = { seconds: null, at: null, unknownBecause: 'stopped' as const }
  expect(endWords({ ...queue, end })).toEqual({ said: 'Unknown', note: 'everything is stopped' })
  expect(endWords({ ...queue, end, left: { migrations: 0, bytes: 0 } }).said).toBe('Nothing left')
})
