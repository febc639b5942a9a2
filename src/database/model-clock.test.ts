import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { modelClock } from '../domain/clock.ts'
import { DAY, HOUR } from '../domain/duration.ts'
import { MODEL_CLOCK_NOTED_EVERY_MS, noteModelClock, openModelClock } from './model-clock.ts'

const START = Date.UTC(2026, 0, 1)
const principal = 'system:test'

let testDatabase: TestDatabase
beforeAll(async () => {
  testDatabase = await createTestDatabase()
})
afterAll(() => testDatabase.drop())
beforeEach(() => testDatabase.database.query('truncate model_clock'))

/** What a process that starts at this wall time shows then. */
async function shownAt(wallNow: number, options: { scale?: number; standsStillWhileDown?: boolean } = {}) {
  const anchor = await openModelClock(testDatabase.database, { scale: 1, wallNow, principal, ...options })
  return modelClock(anchor, { now: () => wallNow }).now()
}

test('shows the wall time at first, and goes on while nothing runs', async () => {
  expect(await shownAt(START)).toBe(START)
  expect(await shownAt(START + DAY)).toBe(START + DAY)
})

test('can begin at another time', async () => {
  const options = { scale: 10, wallNow: START, firstModelMs: START - DAY, principal }
  const anchor = await openModelClock(testDatabase.database, options)
  expect(anchor).toEqual({ anchorModel: START - DAY, anchorWall: START, scale: 10 })
})

test('twenty processes that start at once agree', async () => {
  const anchors = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      openModelClock(testDatabase.database, { scale: 60, wallNow: START + index, principal }),
    ),
  )
  expect(new Set(anchors.map(anchor => JSON.stringify(anchor)))).toHaveLength(1)
})

test('a change of scale goes on from the moment it shows', async () => {
  await shownAt(START, { scale: 1_000 })
  expect(await shownAt(START + HOUR, { scale: 1 })).toBe(START + 1_000 * HOUR)
  expect(await shownAt(START + 2 * HOUR, { scale: 1 })).toBe(START + 1_001 * HOUR)
})

test('never shows less than before when the wall clock was set back', async () => {
  await shownAt(START)
  await noteModelClock(testDatabase.database, START + HOUR)
  const shown = await shownAt(START - DAY)
  expect(shown).toBe(START + HOUR + 2 * MODEL_CLOCK_NOTED_EVERY_MS)
  expect(await shownAt(START - DAY + HOUR)).toBe(shown + HOUR)
})

test('a machine whose wall clock is a little behind joins without moving the others', async () => {
  await shownAt(START, { scale: 100 })
  await noteModelClock(testDatabase.database, START + 100 * HOUR)
  expect(await shownAt(START + HOUR - 3_000, { scale: 100 })).toBe(START + 100 * HOUR)
  expect(await shownAt(START + HOUR, { scale: 100 })).toBe(START + 100 * HOUR)
})

test('an accelerated clock can stand still while nothing runs', async () => {
  await shownAt(START, { scale: 10_000 })
  await noteModelClock(testDatabase.database, START + 30 * DAY)
  const options = { scale: 10_000, standsStillWhileDown: true }
  const shown = await shownAt(START + 8 * HOUR, options)
  expect(shown).toBe(START + 30 * DAY + 2 * MODEL_CLOCK_NOTED_EVERY_MS * 10_000)
  expect(await shownAt(START + 8 * HOUR + 1, options)).toBe(shown + 10_000)
})

test('a note never lowers what was noted', async () => {
  await shownAt(START)
  await noteModelClock(testDatabase.database, START + DAY)
  await noteModelClock(testDatabase.database, START + HOUR)
  const { rows } = await testDatabase.database.query('select high_water_ms from model_clock')
  expect(rows).toEqual([{ high_water_ms: START + DAY }])
})
