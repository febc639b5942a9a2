import { expect, test } from 'vitest'
import type { LoggedRequest } from '../../events/access-log/access-log-line.ts'
import { expectedAnswer, takeInventory } from './replay-inventory.ts'

function request(facts: Partial<LoggedRequest>): LoggedRequest {
  return { at: 0, operation: 'read', key: 'k', status: 200, bytes: 0, objectBytes: null, ...facts }
}

async function* log(...requests: Partial<LoggedRequest>[]): AsyncGenerator<LoggedRequest> {
  for (const facts of requests) yield request(facts)
}

test('an object has the size of its largest complete answer', async () => {
  const inventory = await takeInventory(
    log({ bytes: 10 }, { bytes: 700 }, { status: 206, bytes: 9_000 }, { bytes: 300 }, { status: 304 }),
  )
  expect(inventory.sizes.get('k')).toBe(700)
})

test('an object that only redirected is there too; one that was never there is not', async () => {
  const inventory = await takeInventory(
    log(
      { key: 'moved', status: 302, bytes: 80 },
      { key: 'gone', status: 404 },
      { key: 'fixed', status: 404 },
      { key: 'fixed' },
    ),
  )
  expect([...inventory.sizes.keys()].sort()).toEqual(['fixed', 'moved'])
  expect([...inventory.absent]).toEqual(['gone'])
})

test('a size the log tells outright wins over bytes sent', async () => {
  const inventory = await takeInventory(log({ status: 206, bytes: 10, objectBytes: 5_000 }))
  expect(inventory.sizes.get('k')).toBe(5_000)
})

test('what is no read, or has a key no store takes, is counted and left out', async () => {
  const inventory = await takeInventory(
    log({ at: 5 }, { operation: 'write', at: 1 }, { key: 'x'.repeat(1_025) }, { at: 9 }),
  )
  expect(inventory).toMatchObject({ requests: 2, skipped: 2, firstAt: 5, lastAt: 9 })
})

test('a log without a read is refused', async () => {
  await expect(takeInventory(log({ operation: 'head' }))).rejects.toThrow('no request that reads')
})

test('answers are expected as they were, errors only where nothing is', async () => {
  const inventory = await takeInventory(log({}, { key: 'gone', status: 404 }))
  expect(expectedAnswer(request({ status: 200 }), inventory)).toBe('content')
  expect(expectedAnswer(request({ status: 302 }), inventory)).toBe('content')
  expect(expectedAnswer(request({ status: 404 }), inventory)).toBe('content')
  expect(expectedAnswer(request({ status: 304 }), inventory)).toBe('not-modified')
  expect(expectedAnswer(request({ key: 'gone', status: 404 }), inventory)).toBe('no-such-key')
})
