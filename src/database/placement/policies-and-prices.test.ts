import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { aPolicy, aPriceBook } from '../../../test/builders/placement.ts'
import { newId } from '../../domain/identifiers.ts'
import { findPolicy, insertPolicy, listPolicies, readPolicies, updatePolicy } from './policies.ts'
import { addPriceBook, findCurrentPriceBook, findPriceBook, listPriceBooks } from './price-books.ts'
import { advanceReviewSweep, requestCatchUp } from './review-sweeps.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

const PRINCIPAL = 'user:test' as const
const sweeps = async () => {
  const { rows } = await test.database.query<{ reason: string }>(
    'select reason from review_sweep where finished_at is null order by id',
  )
  return rows.map(({ reason }) => reason)
}

describe('policies', () => {
  it('keep their name, count revisions and ask for reviews when they change', async () => {
    const id = newId()
    expect(
      await insertPolicy(test.database, { id, spec: aPolicy({ name: 'a' }), principal: PRINCIPAL }),
    ).toBe(true)
    expect(
      await insertPolicy(test.database, { id: newId(), spec: aPolicy({ name: 'a' }), principal: PRINCIPAL }),
    ).toBe(false)
    const next = aPolicy({ name: 'another-name', graceHours: 1 })
    expect(await updatePolicy(test.database, { id, revision: 7 }, next, PRINCIPAL)).toBe(false)
    expect(await sweeps()).toEqual([])
    expect(await updatePolicy(test.database, { id, revision: 1 }, next, PRINCIPAL)).toBe(true)
    expect(await findPolicy(test.database, id)).toMatchObject({
      name: 'a',
      revision: 2,
      spec: { name: 'a', graceHours: 1 },
    })
    expect(await readPolicies(test.database, [id])).toMatchObject([{ id, revision: 2 }])
    expect(await sweeps()).toEqual(['policy-changed'])
  })

  it('are listed page by page by name', async () => {
    for (const name of ['c', 'b']) {
      await insertPolicy(test.database, { id: newId(), spec: aPolicy({ name }), principal: PRINCIPAL })
    }
    const first = await listPolicies(test.database, { afterName: null, limit: 2 })
    expect(first.map(({ name }) => name)).toEqual(['a', 'b'])
    const second = await listPolicies(test.database, { afterName: 'b', limit: 2 })
    expect(second.map(({ name }) => name)).toEqual(['c'])
  })
})

describe('price books', () => {
  it('are what was added last among those that hold on the day', async () => {
    expect(await findCurrentPriceBook(test.database, '2026-09-20')).toBeNull()
    const book = aPriceBook([{ id: 'hot', storageUsdPerGbMonth: 0.03 }])
    const add = (name: string, effectiveFrom: string) =>
      addPriceBook(test.database, {
        id: newId(),
        book: { ...book, name, effectiveFrom },
        principal: PRINCIPAL,
      })
    expect(await add('list', '2026-09-20')).toBe(true)
    expect(await add('list', '2026-09-20')).toBe(false)
    expect(await add('own', '2026-09-01')).toBe(true)
    expect(await add('next-year', '2027-01-01')).toBe(true)
    const current = async (day: string) => (await findCurrentPriceBook(test.database, day))!.book.name
    expect(await current('2026-10-01')).toBe('own')
    expect(await current('2027-01-01')).toBe('next-year')
    expect(await current('1995-08-01')).toBe('next-year')
    expect(
      (await listPriceBooks(test.database, { before: null, limit: 2 })).map(row => row.book.name),
    ).toEqual(['next-year', 'own'])
    const row = (await findCurrentPriceBook(test.database, '2026-10-01'))!
    expect((await findPriceBook(test.database, row.id))!.book).toEqual({
      ...book,
      name: 'own',
      effectiveFrom: '2026-09-01',
    })
  })
})

describe('sweeps', () => {
  it('end, and the search for forgotten objects is not repeated at once', async () => {
    for (let page = 0; page < 20; page += 1) {
      if ((await advanceReviewSweep(test.database, { limit: 10, now: 0 })) === null) break
    }
    expect(await sweeps()).toEqual([])
    expect(await requestCatchUp(test.database, { everyHours: 1, principal: PRINCIPAL })).toBe(true)
    expect(await requestCatchUp(test.database, { everyHours: 1, principal: PRINCIPAL })).toBe(false)
    expect(await advanceReviewSweep(test.database, { limit: 10, now: 0 })).toBe(0)
    expect(await requestCatchUp(test.database, { everyHours: 1, principal: PRINCIPAL })).toBe(false)
    expect(await requestCatchUp(test.database, { everyHours: 0, principal: PRINCIPAL })).toBe(true)
  })
})
