import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aPriceBook } from '../../../test/builders/placement.ts'
import { KIB, sizeClassOf } from '../../domain/bytes.ts'
import { keepingUsdPerMonth } from '../../placement/cost/placement-cost.ts'
import { costWhereItLies, type Holding, keepingCost, shifted } from './storage-cost.ts'

const [price] = aPriceBook([
  {
    id: 'cool',
    storageUsdPerGbMonth: 0.0125,
    minimumBillableBytes: 128 * KIB,
    overheadBytes: 32 * KIB,
    monitoringUsdPer1000ObjectsMonth: 0.0025,
    monitoringMinimumBytes: 128 * KIB,
  },
]).locations

describe('the cost of what is only known by counts per size class', () => {
  it('is the sum of the costs of the objects', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 34 }), { maxLength: 50 }), sizes => {
        const exact = sizes.reduce((sum, size) => {
          const one = keepingUsdPerMonth(price!, size)
          return sum + one.storageUsdPerMonth + one.monitoringUsdPerMonth
        }, 0)
        const classes = Map.groupBy(sizes, sizeClassOf)
        const holdings = [...classes.values()].map(group => ({
          copies: group.length,
          bytes: group.reduce((sum, size) => sum + size, 0),
        }))
        expect(keepingCost(price!, holdings)).toBeCloseTo(exact, 9)
      }),
    )
  })
})

describe('holdings once pending shifts are done', () => {
  const holding = (locationId: string, copies: number, bytes: number): Holding => ({
    locationId,
    sizeClass: 20,
    copies,
    bytes,
  })

  it('leave one location and enter another, unless their copy is counted there already', () => {
    const after = shifted(
      [holding('hot', 10, 1_000), holding('cold', 2, 200)],
      [
        { fromLocationId: 'hot', toLocationId: 'cold', sizeClass: 20, copies: 3, bytes: 300 },
        { fromLocationId: 'hot', toLocationId: null, sizeClass: 20, copies: 2, bytes: 200 },
      ],
    )
    expect(after).toEqual([holding('hot', 5, 500), holding('cold', 5, 500)])
  })

  it('have no cost where a price is missing, rather than a wrong one', () => {
    expect(costWhereItLies([holding('hot', 1, 1)], () => null)).toBeNull()
    expect(costWhereItLies([], () => null)).toBe(0)
  })
})
