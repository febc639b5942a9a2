import { expect, it } from 'vitest'
import type { Overview, OverviewTick } from '../api/types.ts'
import { withTick } from './live.tsx'

const point = (second: number) =>
  ({ at: `2026-09-20T12:00:${String(second).padStart(2, '0')}.000Z` }) as Overview['series'][number]

it('appends the point of a tick once', () => {
  const before = { at: 'x', series: [point(1)], latestDecisions: [] } as unknown as Overview
  const once = withTick(before, { at: 'y', point: point(2) } as OverviewTick)
  const twice = withTick(once, { at: 'y', point: point(2) } as OverviewTick)
  expect(once?.series).toEqual([point(1), point(2)])
  expect(twice?.series).toEqual(once?.series)
  expect(twice?.at).toBe('y')
})

it('keeps the overview without a first answer unknown', () => {
  expect(withTick(undefined, { point: point(1) } as OverviewTick)).toBeUndefined()
})
