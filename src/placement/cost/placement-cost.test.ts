import { describe, expect, it } from 'vitest'
import { shippedPriceBook } from '../price-book/shipped-price-book.ts'
import {
  costOfPlacement,
  keepingUsdPerMonth,
  minimumDaysLeft,
  paybackDays,
  restoreUsd,
} from './placement-cost.ts'
import { routeUsdPerGb } from './routes.ts'

const book = shippedPriceBook()
const price = (id: string) => book.locations.find(location => location.id === id)!
const MONTH = { now: Date.UTC(2026, 8, 20), daysPerMonth: 30 }
const GIB = 2 ** 30

describe('keeping an object', () => {
  it('is billed at the minimum billable size', () => {
    const ia = price('aws/us-east-1/standard-ia')
    expect(keepingUsdPerMonth(ia, 1).storageUsdPerMonth).toBe(((128 * 1024) / GIB) * 0.0125)
    expect(keepingUsdPerMonth(ia, GIB).storageUsdPerMonth).toBe(0.0125)
  })

  it('pays the overheads of an archive in the class and in the index', () => {
    const deep = price('aws/us-east-1/deep-archive')
    const expected = ((GIB + 32 * 1024) / GIB) * 0.00099 + ((8 * 1024) / GIB) * 0.023
    expect(keepingUsdPerMonth(deep, GIB).storageUsdPerMonth).toBe(expected)
  })

  it('pays monitoring per object, small ones excepted', () => {
    const tiering = price('aws/us-east-1/intelligent-tiering')
    expect(keepingUsdPerMonth(tiering, 128 * 1024).monitoringUsdPerMonth).toBe(0.0000025)
    expect(keepingUsdPerMonth(tiering, 128 * 1024 - 1).monitoringUsdPerMonth).toBe(0)
  })
})

describe('reading an object', () => {
  it('pays requests, retrieval and egress by what is read', () => {
    const cost = costOfPlacement(
      { size: 4 * GIB, readsPerMonth: 10, bytesPerRead: GIB },
      { price: price('aws/us-east-1/glacier-ir'), readerEgressUsdPerGb: 0.09 },
      null,
      MONTH,
    )
    expect(cost.readRequestsUsdPerMonth).toBeCloseTo(10 * 0.00001, 12)
    expect(cost.retrievalUsdPerMonth).toBeCloseTo(10 * 0.03, 12)
    expect(cost.egressUsdPerMonth).toBeCloseTo(10 * 0.09, 12)
    expect(cost.oneTimeUsd).toBe(0)
  })
})

describe('moving an object', () => {
  const move = (daysAgo: number, graceDays: number) =>
    costOfPlacement(
      { size: GIB, readsPerMonth: 0, bytesPerRead: GIB },
      { price: price('azure/eastus/cool'), readerEgressUsdPerGb: 0 },
      {
        price: price('aws/us-east-1/standard-ia'),
        enteredAt: MONTH.now - daysAgo * 86_400_000,
        routeUsdPerGb: 0.09,
        graceDays,
        readBackUsd: 0.25,
      },
      MONTH,
    )

  it('pays the request, the write, the retrieval, the way and the rest of the minimum duration', () => {
    const cost = move(12, 1)
    expect(cost.transitionUsd).toBeCloseTo(0.00001 + (GIB / 1e9) * 0.0025, 12)
    expect(cost.sourceRetrievalUsd).toBeCloseTo(0.000001 + 0.01, 12)
    expect(cost.sourceEgressUsd).toBe(0.09)
    expect(cost.verificationUsd).toBe(0.25)
    expect(cost.earlyDeletionUsd).toBeCloseTo((0.0125 * 18) / 30, 12)
  })

  it('pays for the restore once, where copies must be restored first', () => {
    const outOf = (id: string) =>
      costOfPlacement(
        { size: 10 * GIB, readsPerMonth: 0, bytesPerRead: 0 },
        { price: price('aws/us-east-1/standard-ia'), readerEgressUsdPerGb: 0 },
        { price: price(id), enteredAt: 0, routeUsdPerGb: 0, graceDays: 0, readBackUsd: 0 },
        MONTH,
      )
    const get = 0.0004 / 1_000
    expect(outOf('aws/us-east-1/glacier-flexible').sourceRetrievalUsd).toBeCloseTo(get + 0.00005 + 0.1, 12)
    expect(outOf('aws/us-east-1/deep-archive').sourceRetrievalUsd).toBeCloseTo(get + 0.0001 + 0.2, 12)
    const instant = outOf('aws/us-east-1/glacier-ir').sourceRetrievalUsd
    expect(instant).toBeCloseTo(0.01 / 1_000 + 0.3, 12)
    const many = restoreUsd(price('aws/us-east-1/deep-archive'), 1_000, 10 * GIB)
    expect(many).toBeCloseTo(0.1 + 0.2, 12)
  })

  it('pays grace only beyond the minimum duration', () => {
    expect(move(12, 1).graceStorageUsd).toBe(0)
    expect(move(40, 3).graceStorageUsd).toBeCloseTo((0.0125 * 3) / 30, 12)
    expect(move(40, 3).earlyDeletionUsd).toBe(0)
  })
})

describe('routes', () => {
  const standard = price('aws/us-east-1/standard')
  const from = { price: standard, provider: 'aws', region: 'us-east-1' }

  it('are free in a region, cheap in a provider and dear elsewhere', () => {
    expect(routeUsdPerGb(from, { provider: 'aws', region: 'us-east-1' })).toBe(0)
    expect(routeUsdPerGb(from, { provider: 'aws', region: 'us-west-2' })).toBe(0.02)
    expect(routeUsdPerGb(from, { provider: 'gcp', region: 'us-east-1' })).toBe(0.09)
    expect(routeUsdPerGb(from, null)).toBe(0.09)
  })
})

describe('time', () => {
  it('turns a saving into a payback, or into never', () => {
    expect(paybackDays(2, 1, 30)).toBe(15)
    expect(paybackDays(0, 1, 30)).toBeNull()
  })

  it('counts what is left of a minimum duration down to zero', () => {
    const ia = price('aws/us-east-1/standard-ia')
    expect(minimumDaysLeft(ia, MONTH.now - 10 * 86_400_000, MONTH.now)).toBe(20)
    expect(minimumDaysLeft(ia, MONTH.now - 40 * 86_400_000, MONTH.now)).toBe(0)
  })
})
