import { expect, it } from 'vitest'
import { chartDataOf, stacked } from './chart-data.ts'

it('shows a gap where no samples arrived for a while', () => {
  const samples = [0, 1_000, 2_000, 60_000, 61_000].map(at => ({ at, values: [at] }))
  expect(chartDataOf(samples, 1)).toEqual([
    [0, 1, 2, 3, 60, 61],
    [0, 1_000, 2_000, null, 60_000, 61_000],
  ])
})

it('stacks series from the first upwards and keeps gaps', () => {
  expect(
    stacked([
      [1, 2],
      [1, null],
      [10, null],
      [100, null],
    ]),
  ).toEqual([
    [1, 2],
    [1, null],
    [11, null],
    [111, null],
  ])
})

it('draws nothing from nothing', () => {
  expect(chartDataOf([], 2)).toEqual([[], [], []])
})
