import { expect, it } from 'vitest'
import { clockNow, clockReadingOf } from './model-clock.tsx'

const reading = clockReadingOf(
  { at: '2026-09-20T12:00:00.000Z', clock: { modelAt: '2026-10-01T00:00:00.000Z', scale: 1440 } },
  5_000,
)

it('carries both clocks on from their last reading, the model clock at its own speed', () => {
  expect(new Date(clockNow(reading, 'wall', 6_000)).toISOString()).toBe('2026-09-20T12:00:01.000Z')
  expect(new Date(clockNow(reading, 'model', 65_000)).toISOString()).toBe('2026-10-02T00:00:00.000Z')
})

it('never goes back when the browser’s clock does', () => {
  expect(clockNow(reading, 'model', 1_000)).toBe(clockNow(reading, 'model', 5_000))
})

it('falls back to the browser’s clock until the server was heard', () => {
  expect(clockNow(null, 'model', 42)).toBe(42)
})
