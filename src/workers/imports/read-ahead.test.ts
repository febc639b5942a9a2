import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAhead } from './read-ahead.ts'

async function* upTo(count: number, onTaken?: (taken: number) => void): AsyncGenerator<number> {
  for (let item = 0; item < count; item++) {
    onTaken?.(item + 1)
    yield item
  }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('hands over every item once and in order, whatever the paces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 5 }),
      fc.infiniteStream(fc.boolean()),
      async (count, max, slow) => {
        const seen: number[] = []
        for await (const items of readAhead(upTo(count), max)) {
          expect(items.length).toBeGreaterThan(0)
          expect(items.length).toBeLessThanOrEqual(max)
          seen.push(...items)
          if (slow.next().value) await turn()
        }
        expect(seen).toEqual(Array.from({ length: count }, (_, index) => index))
      },
    ),
  )
})

test('reads no further ahead than allowed', async () => {
  let taken = 0
  const items = readAhead(
    upTo(100, count => {
      taken = count
    }),
    3,
  )
  await items.next()
  for (let round = 0; round < 20; round++) await turn()
  expect(taken).toBeLessThanOrEqual(1 + 3)
  await items.return()
})

test('an error comes after what was read before it', async () => {
  async function* failing(): AsyncGenerator<string> {
    yield 'a'
    yield 'b'
    throw new Error('broken')
  }
  const seen: string[] = []
  await expect(async () => {
    for await (const items of readAhead(failing(), 10)) seen.push(...items)
  }).rejects.toThrow('broken')
  expect(seen).toEqual(['a', 'b'])
})
