import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { inTransaction } from '../postgres.ts'
import { boundLongHolds, CONNECTIONS_MIN } from './long-holds.ts'

let test: TestDatabase
beforeEach(async () => {
  test = await createTestDatabase({ connectionsMax: CONNECTIONS_MIN })
})
afterEach(() => test.drop())

it('leaves connections free however many want to hold one, and gives each its turn', async () => {
  const bounded = boundLongHolds(test.database, CONNECTIONS_MIN)
  let holding = 0
  let most = 0
  const holds = Array.from({ length: 12 }, (_, number) =>
    inTransaction(bounded, async connection => {
      most = Math.max(most, ++holding)
      // Somebody else's statement: it would never be done if all connections were held.
      await test.database.query('select 1')
      const { rows } = await connection.query('select $1::int as number', [number])
      holding--
      return rows[0].number
    }),
  )
  expect(await Promise.all(holds)).toEqual(Array.from({ length: 12 }, (_, number) => number))
  expect(most).toBeLessThanOrEqual(2)
})

it('is one bound for all that ask for the same pool', () => {
  const bounded = boundLongHolds(test.database, CONNECTIONS_MIN)
  expect(boundLongHolds(test.database, CONNECTIONS_MIN)).toBe(bounded)
})

it('gives the turn of a failed hold to the next', async () => {
  const bounded = boundLongHolds(test.database, CONNECTIONS_MIN)
  for (let attempt = 0; attempt < 5; attempt++) {
    const failing = inTransaction(bounded, () => Promise.reject(new Error('no')))
    await expect(failing).rejects.toThrow('no')
  }
  await bounded.query('select 1')
  expect(await inTransaction(bounded, async () => 'done')).toBe('done')
})
