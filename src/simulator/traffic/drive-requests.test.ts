import { expect, test } from 'vitest'
import { driveRequests, emptyTrafficCounts } from './drive-requests.ts'

const live = new AbortController().signal
const now = () => performance.now()

test('starts requests at their time although earlier ones are still open', async () => {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const started: number[] = []
  await driveRequests({
    requests: [{ atMs: 0 }, { atMs: 5 }],
    perform: ({ atMs }) => {
      started.push(atMs)
      if (atMs === 5) {
        first.resolve()
        second.resolve()
      }
      return atMs === 0 ? first.promise : second.promise
    },
    counts: emptyTrafficCounts(),
    openMax: 2,
    signal: live,
    now,
  })
  expect(started).toEqual([0, 5])
})

test('never has more requests open than allowed', async () => {
  let [open, most] = [0, 0]
  await driveRequests({
    requests: Array.from({ length: 50 }, () => ({ atMs: 0 })),
    async perform() {
      most = Math.max(most, ++open)
      await new Promise(resolve => setImmediate(resolve))
      open--
    },
    counts: emptyTrafficCounts(),
    openMax: 4,
    signal: live,
    now,
  })
  expect(most).toBe(4)
})

test('counts what fails by kind and goes on', async () => {
  const counts = emptyTrafficCounts()
  await driveRequests({
    requests: [{ atMs: 0 }, { atMs: 0 }, { atMs: 0 }],
    async perform() {
      throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    },
    counts,
    openMax: 1,
    signal: live,
    now,
  })
  expect(counts.errors).toBe(3)
  expect(counts.errorKinds.get('ECONNREFUSED')).toEqual({ count: 3, example: 'Error: refused' })
})

test('stops when told to, without counting what it broke off', async () => {
  const stop = new AbortController()
  const counts = emptyTrafficCounts()
  await driveRequests({
    requests: [{ atMs: 0 }, { atMs: 3_600_000 }],
    async perform() {
      stop.abort()
      throw new Error('broken off')
    },
    counts,
    openMax: 4,
    signal: stop.signal,
    now,
  })
  expect(counts.errors).toBe(0)
})
